//! RP-FIELD: the examples of RedPipe's own tests of its nine fields. Where a case is of a type that the compiler refuses
//! here, what reaches a field is what it can see: stored bytes.

use redfleet_pipe::{Ascii, Field, StringList};

use crate::{encoded, refusal};

const GOOD_MORNING: &str = "గుడ్ మార్నింగ్";

/// RP-FIELD boolean. `'true'`, `'foo'` and the like are no bool here; stored, RedPipe reads all that is not empty as true.
#[test]
fn a_bool_is_one_or_nothing_and_zero_is_false() {
    assert_eq!(encoded(&true).unwrap(), b"1");
    assert_eq!(encoded(&false).unwrap(), b"");
    assert!(bool::decode(b"1").unwrap());
    assert!(!bool::decode(b"").unwrap());
    assert!(!bool::decode(b"0").unwrap(), "RedPipe reads this as true");
    assert!(!bool::decode(b"false").unwrap(), "and this");
    assert_eq!(refusal::<bool>(b"foo"), "not a bool");
}

/// RP-FIELD float.
#[test]
fn a_float_is_written_without_a_fraction_of_zero() {
    assert_eq!(encoded(&1.0).unwrap(), b"1");
    assert_eq!(encoded(&1.2).unwrap(), b"1.2");
    assert_eq!(f64::decode(b"1.2").unwrap().to_bits(), 1.2_f64.to_bits());
    for bad in ["", "a", "1.2.3"] {
        assert_eq!(refusal::<f64>(bad.as_bytes()), "not a float");
    }
    assert_eq!(encoded(&f64::NAN).unwrap_err().to_string(), "not a float");
}

/// RP-FIELD integer. RedPipe writes 1.2 as 1; here it is no integer.
#[test]
fn an_integer_is_exact_and_what_is_none_is_refused() {
    assert_eq!(encoded(&1_i64).unwrap(), b"1");
    assert_eq!(i64::decode(b"1").unwrap(), 1);
    for bad in ["", "a", "1.2", "1e3"] {
        assert!(refusal::<i64>(bad.as_bytes()).starts_with("not an int"), "{bad:?}");
    }
    let beyond_floats = (1_i64 << 53) + 1;
    assert_eq!(encoded(&beyond_floats).unwrap(), b"9007199254740993", "RedPipe makes it ..992");
    assert_eq!(i64::decode(b"9007199254740993").unwrap(), beyond_floats);
}

/// RP-FIELD text. What is no text does not compile; what is stored and no UTF-8 is refused.
#[test]
fn text_is_utf_8() {
    assert_eq!(encoded(&"d\u{fc}sseldorf".to_owned()).unwrap(), "düsseldorf".as_bytes());
    assert_eq!(String::decode(&encoded(&GOOD_MORNING.to_owned()).unwrap()).unwrap(), GOOD_MORNING);
    assert_eq!(refusal::<String>(b"\xff\xfe"), "not text");
}

/// RP-FIELD ascii.
#[test]
fn ascii_is_printable_or_refused() {
    for good in ["", "a", "abc123", " ~!@#$%^&*()_+-=[]{}"] {
        assert_eq!(encoded(&Ascii::from(good)).unwrap(), good.as_bytes());
        assert_eq!(&*Ascii::decode(good.as_bytes()).unwrap(), good);
    }
    for bad in ["\n", "\x1f", "\x7f", "d\u{fc}", GOOD_MORNING] {
        assert_eq!(encoded(&Ascii::from(bad)).unwrap_err().to_string(), "not ascii");
        assert_eq!(refusal::<Ascii>(bad.as_bytes()), "not ascii");
    }
}

/// RP-FIELD binary: the sixteen bytes of a UUID.
#[test]
fn bytes_are_stored_as_they_are() {
    let uuid: [u8; 16] = *b"\xf8\x1d\x4f\xae\x7d\xec\x11\xd0\xa7\x65\x00\xa0\xc9\x1e\x6b\xf6";
    assert_eq!(encoded(&uuid.to_vec()).unwrap(), uuid);
    assert_eq!(Vec::<u8>::decode(&uuid).unwrap(), uuid);
    assert_eq!(<[u8; 16]>::decode(&uuid).unwrap(), uuid);
    assert_eq!(refusal::<[u8; 4]>(&uuid), "not of as many bytes as asked for");
}

/// RP-FIELD list and dict.
#[cfg(feature = "json")]
#[test]
fn lists_and_maps_are_json() {
    use redfleet_pipe::Json;
    use std::collections::BTreeMap;

    let list = Json(vec![GOOD_MORNING.to_owned(), "b".to_owned()]);
    assert_eq!(Json::decode(&encoded(&list).unwrap()).unwrap(), list);
    let map = Json(BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
    assert_eq!(encoded(&map).unwrap(), br#"{"a":1,"b":2}"#);
    assert_eq!(Json::decode(br#"{"a": 1, "b": 2}"#).unwrap(), map, "as RedPipe writes it");
    assert_eq!(refusal::<Json<Vec<i64>>>(br#"{"a":1}"#), "not JSON of the type asked for");
    assert_eq!(refusal::<Json<BTreeMap<String, i64>>>(b"[1]"), "not JSON of the type asked for");
    let no_json = Json(BTreeMap::from([(vec![1], 2)]));
    assert_eq!(encoded(&no_json).unwrap_err().to_string(), "not a value that JSON can hold");
}

/// RP-FIELD string list. RedPipe reads nothing as no list; here what is not there is no matter of the field.
#[test]
fn a_list_of_strings_looks_as_redpipe_writes_it_and_loses_nothing() {
    assert_eq!(encoded(&StringList::from(["a", "b", "c"])).unwrap(), b"a,b,c");
    assert_eq!(encoded(&StringList::default()).unwrap(), b"");
    assert_eq!(*StringList::decode(b"a,b,c").unwrap(), ["a", "b", "c"]);
    for list in
        [vec!["a,b", "c"], vec!["a", "", "b"], vec!["", ""], vec![""], vec![], vec!["\\", "\\e", ",\\,"]]
    {
        let list: StringList = list.into_iter().collect();
        assert_eq!(StringList::decode(&encoded(&list).unwrap()).unwrap(), list);
    }
    assert_ne!(encoded(&StringList::default()).unwrap(), encoded(&StringList::from([""])).unwrap());
    assert_eq!(refusal::<StringList>(b"\xff"), "not a list of strings");
}

/// Its place is told and the value never.
#[test]
fn an_error_names_the_type_and_never_the_value() {
    let error = i64::decode(b"hunter2").unwrap_err().at("U.visits").at("U.other");
    assert_eq!(error.to_string(), "U.visits: not an int (i64)");
    assert_eq!((error.place(), error.wanted()), (Some("U.visits"), Some("an int (i64)")));
    assert!(!format!("{error:?}").contains("hunter2"));
}
