//! Numbers, held against what a Redis read and wrote.

use super::*;

#[test]
fn integers_are_read_strictly_up_to_the_edges() {
    let good = [
        ("0", 0),
        ("7", 7),
        ("-7", -7),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
    ];
    for (word, value) in good {
        assert_eq!(integer(word.as_bytes()), Some(value), "{word}");
    }
    let bad = [
        "",
        "-",
        "-0",
        "+1",
        " 1",
        "1 ",
        "01",
        "-01",
        "1.0",
        "1e3",
        "0x1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "1\0",
        "--1",
        "00",
    ];
    for word in bad {
        assert_eq!(integer(word.as_bytes()), None, "{word}");
    }
}

#[test]
fn unsigned_numbers_pass_what_strtoull_passes() {
    let good = [
        ("0", 0),
        ("18446744073709551615", u64::MAX),
        ("+5", 5),
        (" 5", 5),
        ("007", 7),
        ("-05", u64::MAX - 4),
        ("5\x005", 5),
    ];
    for (word, value) in good {
        assert_eq!(unsigned(word.as_bytes()), Some(value), "{word}");
    }
    for word in ["", "-5", "5 ", "x", "18446744073709551616", "+", " "] {
        assert_eq!(unsigned(word.as_bytes()), None, "{word}");
    }
}

/// What a Redis 8.0 wrote for a score that was read from the word; `None` where it refused the word.
const SCORES: &[(&str, Option<&str>)] = &[
    ("inf", Some("inf")),
    ("-inf", Some("-inf")),
    ("+inf", Some("inf")),
    ("infinity", Some("inf")),
    ("iNf", Some("inf")),
    ("infi", None),
    ("nan", None),
    ("-nan", None),
    ("nan(1)", None),
    ("", None),
    (" 1", None),
    ("1 ", None),
    ("1.", Some("1")),
    (".5", Some("0.5")),
    (".", None),
    ("+1", Some("1")),
    ("-", None),
    ("+", None),
    ("1e5", Some("100000")),
    ("1e", None),
    ("1E+3", Some("1000")),
    ("1e400", None),
    ("-1e400", None),
    ("1e-400", None),
    ("4.9e-324", Some("5e-324")),
    ("2e-324", None),
    ("1e-320", Some("1e-320")),
    ("0x10", Some("16")),
    ("0x1p-3", Some("0.125")),
    ("0X1.8", Some("1.5")),
    ("0x", None),
    ("0x1p", None),
    ("-0x10", Some("-16")),
    ("0x1p5000", None),
    ("0x1p-5000", None),
    ("1_0", None),
    ("1d", None),
    ("1\0", None),
    ("007", Some("7")),
    ("1e0005", Some("100000")),
    ("1e308", Some("1e+308")),
    ("1.7976931348623157e308", Some("1.7976931348623157e+308")),
    ("1.7976931348623159e308", None),
    ("1e99999999999999999999", None),
    ("0e99999999999999999", Some("0")),
    ("1e-99999999999999999", None),
    ("1e15", Some("1000000000000000")),
    ("4.6e18", Some("4600000000000000000")),
    ("4.7e18", Some("4.7e+18")),
    ("1e20", Some("1e+20")),
    ("123456789012345678901", Some("123456789012345680000")),
    ("12345678901234567890123", Some("12345678901234568000000")),
    ("0.1", Some("0.1")),
    ("0.000001", Some("0.000001")),
    ("0.0000001", Some("1e-7")),
    ("0.000012345", Some("1.2345e-5")),
    ("0.00000012345", Some("1.2345e-7")),
    ("1.5e-6", Some("1.5e-6")),
    ("3.14159265358979312", Some("3.141592653589793")),
    ("1.25e100", Some("1.25e+100")),
    ("-1.2345678901234567e-300", Some("-1.2345678901234568e-300")),
    ("0.30000000000000004", Some("0.30000000000000004")),
    ("1234567890123456.7", Some("1234567890123456.7")),
    ("1e23", Some("99999999999999990000000")),
    ("9007199254740993", Some("9007199254740992")),
    ("4611686018427387905", Some("4611686018427387904")),
    ("0.00012345678901234567", Some("1.2345678901234567e-4")),
    ("123456e20", Some("1.23456e+25")),
    ("-0", Some("-0")),
];

#[test]
fn scores_are_read_and_written_as_a_redis_did() {
    for (word, answer) in SCORES {
        assert_eq!(double(word.as_bytes()).map(double_text).as_deref(), *answer, "{word:?}");
    }
}

#[test]
fn ends_of_ranges_have_rules_of_their_own() {
    let good =
        [("", 0.0), ("1e400", f64::INFINITY), ("1\0x", 1.0), ("-1e400", f64::NEG_INFINITY), ("1e-400", 0.0)];
    for (word, value) in good {
        assert_eq!(range_end(word.as_bytes()), Some(value), "{word:?}");
    }
    for word in ["nan", " 1", "0x10", "1 ", "(1", "-"] {
        assert_eq!(range_end(word.as_bytes()), None, "{word:?}");
    }
}

#[test]
fn hexadecimal_numbers_are_rounded_once() {
    for (word, value) in [
        ("0x.8", 0.5),
        ("0x8.p1", 16.0),
        ("0x10000000000000000", 18_446_744_073_709_551_616.0),
        ("0x1.00000000000008p0", 1.0),
        ("0x1.000000000000081p0", 1.000_000_000_000_000_2),
        ("0x1p-1074", 5e-324),
        ("0x1.8p-1074", 1e-323),
        ("0x1.fffffffffffffp1023", f64::MAX),
        ("0x3p-1075", 1e-323),
        ("0x0p99999999999999999999", 0.0),
    ] {
        assert_eq!(double(word.as_bytes()), Some(value), "{word}");
    }
    assert_eq!(double(b"0x1p1024"), None);
    assert_eq!(double(b"0x1p-1075"), None, "halfway to the smallest, and the even one is zero");
    assert_eq!(double(b"0x1.8.0"), None);
}

#[test]
fn general_is_c_printf_g() {
    for (value, precision, text) in [
        (0.1, 17, "0.10000000000000001"),
        (1e16, 17, "10000000000000000"),
        (1e17, 17, "1e+17"),
        (0.0001, 17, "0.0001"),
        (0.00001, 17, "1.0000000000000001e-05"),
        (5e-324, 17, "4.9406564584124654e-324"),
        (-0.0, 17, "-0"),
        (f64::INFINITY, 17, "inf"),
        (3.5, 14, "3.5"),
        (1e14, 14, "1e+14"),
        (99_999_999_999_999.0, 14, "99999999999999"),
        (0.3, 14, "0.3"),
        (123_456_789.123, 3, "1.23e+08"),
        (999.9, 3, "1e+03"),
        (0.0, 14, "0"),
    ] {
        assert_eq!(general(value, precision), text);
    }
}

#[test]
fn what_is_written_reads_back_as_the_same_value() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let value = f64::from_bits(random.u64(..));
        if value.is_finite() {
            let text = double_text(value);
            assert_eq!(double(text.as_bytes()).map(f64::to_bits), Some(value.to_bits()), "{text}");
            let text = general(value, 17);
            assert_eq!(double(text.as_bytes()).map(f64::to_bits), Some(value.to_bits()), "{text}");
        }
    }
}

/// What a Redis 8.0 on x86 answered to INCRBYFLOAT; `None` where it refused to read one of the two.
const SUMS: &[(&str, &str, Option<&str>)] = &[
    ("10.5", "0.1", Some("10.6")),
    ("10.6", "-10.6", Some("0")),
    ("0.1", "0.2", Some("0.3")),
    ("3.0e3", "0", Some("3000")),
    ("5.0e3", "2.0e2", Some("5200")),
    ("-0", "0", Some("0")),
    ("-0", "-0", Some("0")),
    ("0", "-817188e-18", Some("-0.00000000000081719")),
    ("-148667e-13", "0", Some("-0.0000000148667")),
    ("0", "1e-18", Some("0")),
    ("0", "-1e-18", Some("0")),
    ("0x1p-3", "0x10", Some("16.125")),
    ("18446744073709551615", "0", Some("18446744073709551615")),
    ("18446744073709551615", "1", Some("18446744073709551616")),
    ("18446744073709551616", "1", Some("18446744073709551616")),
    ("18446744073709551616", "3", Some("18446744073709551620")),
    ("9223372036854775807", "0.5", Some("9223372036854775807.5")),
    ("1e30", "0", Some("1000000000000000000024696061952")),
    ("1e-400", "1", Some("1")),
    ("1e99999999999999999999", "0", None),
    ("1e-99999999999999999999", "0", None),
    ("1e4932", "0", Some("1000000000000000000006018949")),
    ("1e4933", "0", None),
    ("4e-4951", "0", Some("0")),
    ("1e-4952", "0", None),
    ("0e-99999999999", "0", Some("0")),
    ("", "0", None),
    (" 1", "0", None),
    ("1 ", "0", None),
    ("nan", "0", None),
    (".", "0", None),
    ("1.2.3", "0", None),
    ("1e", "0", None),
    ("inf", "0", Some("not finite")),
    ("-Infinity", "inf", Some("not finite")),
    ("1.1e4932", "1.1e4932", Some("not finite")),
];

#[test]
fn sums_are_those_of_a_redis() {
    for (one, other, answer) in SUMS {
        let read = |word: &str| LongDouble::read(word.as_bytes());
        let sum = read(one).zip(read(other)).map(|(one, other)| one.plus(other));
        let text = sum.map(|sum| sum.map_or_else(|| "not finite".into(), LongDouble::text));
        match answer {
            // Of long numbers, the first digits: the rest is not for reading.
            Some(start) if text.as_ref().is_some_and(|text| text.len() > 100) => {
                assert!(text.is_some_and(|text| text.starts_with(start)), "{one} + {other}");
            }
            _ => assert_eq!(text.as_deref(), *answer, "{one} + {other}"),
        }
    }
}

#[test]
fn long_doubles_have_their_limits() {
    assert!(LongDouble::read(&b"0".repeat(5119)).is_some());
    assert!(LongDouble::read(&b"0".repeat(5120)).is_none());
    assert!(LongDouble::read(b"1e4932").is_some_and(LongDouble::is_finite));
    assert!(!LongDouble::read(b"-INF").is_some_and(LongDouble::is_finite));
}
