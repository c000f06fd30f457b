//! Values that leave and come back, and payloads that nobody wrote.

use redis::Value;

use super::{payload, seal, value};
use crate::embedded::store::Stored;
use crate::embedded::testing::{Console, text};

/// One key of each type that can be dumped.
const KEYS: [&str; 7] = ["string", "list", "set", "hash", "zset", "stream", "bare"];

fn filled() -> Console {
    let mut console = Console::new();
    console.expect(
        r#"SET string "a\x00\xff" => OK
         RPUSH list a "" b a => 4
         SADD set a b 3 => 3
         HSET hash a 1 b 2 c "" => 3
         HPEXPIRE hash 500 FIELDS 1 a => [1]
         HPEXPIRE hash 5000 FIELDS 1 b => [1]
         ZADD zset -inf a 0.1 b 1e300 c => 3
         XGROUP CREATE bare g $ MKSTREAM => OK
         XGROUP CREATE stream g 0 MKSTREAM => OK
         XGROUP CREATE stream idle 0 ENTRIESREAD 2 => OK
         XADD stream 1-1 a 1 b "" => 1-1
         XADD stream 1-2 a 2 => 1-2
         XADD stream 18446744073709551615-0 c 3 => 18446744073709551615-0
         XADD stream * d 4 => 18446744073709551615-1
         XDEL stream 1-2 => 1
         XREADGROUP GROUP g anna COUNT 2 STREAMS stream > => {stream: [[1-1, [a, 1, b, ]], [18446744073709551615-0, [c, 3]]]}
         XREADGROUP GROUP g bert COUNT 1 STREAMS stream > => {stream: [[18446744073709551615-1, [d, 4]]]}
         XREADGROUP GROUP g cleo STREAMS stream > => nil
         XCLAIM stream g bert 0 1-1 RETRYCOUNT 7 JUSTID => [1-1]"#,
    );
    console
}

fn dumped(console: &mut Console, key: &str) -> Vec<u8> {
    let Value::BulkString(payload) = console.reply(&[b"DUMP", key.as_bytes()]) else {
        panic!("{key} is dumped")
    };
    payload
}

fn restored(console: &mut Console, key: &str, ttl: &str, payload: &[u8], options: &[&str]) -> String {
    let mut words = vec![b"RESTORE", key.as_bytes(), ttl.as_bytes(), payload];
    words.extend(options.iter().map(|option| option.as_bytes()));
    text(&console.reply(&words))
}

#[test]
fn what_is_dumped_comes_back_as_it_was() {
    let mut console = filled();
    for key in KEYS {
        let payload = dumped(&mut console, key);
        assert_eq!(restored(&mut console, "copy", "0", &payload, &["REPLACE"]), "OK", "{key}");
        assert_eq!(dumped(&mut console, "copy"), payload, "{key}");
        let type_of = console.run(&format!("TYPE {key}"));
        assert_eq!(console.run("TYPE copy"), type_of);
    }
    let payload = dumped(&mut console, "hash");
    console.now_ms += 600;
    assert_eq!(restored(&mut console, "late", "0", &payload, &[]), "OK");
    console.expect("HPTTL late FIELDS 3 a b c => [-2, 4400, -1]\nHMGET late a b c => [nil, 2, ]");
    console.now_ms += 4_400;
    console.expect("HLEN late => 1");
}

#[test]
fn a_stream_comes_back_with_its_groups_and_what_is_pending() {
    let mut console = filled();
    let payload = dumped(&mut console, "stream");
    console.now_ms += 100;
    assert_eq!(restored(&mut console, "copy", "0", &payload, &[]), "OK");
    for ask in [
        "XINFO STREAM % FULL",
        "XINFO GROUPS %",
        "XINFO CONSUMERS % g",
        "XPENDING % g - + 9",
        "XRANGE % - +",
        "XREADGROUP GROUP g anna STREAMS % 0",
    ] {
        let [first, copy] = ["stream", "copy"].map(|key| console.run(&ask.replace('%', key)));
        assert_eq!(first.replace("stream", "copy"), copy, "{ask}");
    }
    console.expect(
        "XPENDING copy g - + 9 bert => [[1-1, bert, 100, 7], [18446744073709551615-1, bert, 100, 1]]
         XACK copy g 1-1 => 1
         XPENDING stream g => [3, 1-1, 18446744073709551615-1, [[anna, 1], [bert, 2]]]",
    );
}

#[test]
fn a_stream_out_of_order_or_with_somebody_twice_is_none() {
    let bodies: [&[u8]; 9] = [
        // An entry without fields, one with half a field, one before the first id, and one before its last.
        b"\x05\x01\x01\x01\x00\x01\x01\x00\x00\x01\x00",
        b"\x05\x01\x01\x01\x01\x01a\x01\x01\x00\x00\x01\x00",
        b"\x05\x01\x00\x00\x02\x01a\x01b\x01\x01\x00\x00\x01\x00",
        b"\x05\x02\x02\x00\x02\x01a\x01b\x01\x00\x02\x01a\x01b\x02\x00\x00\x00\x02\x00",
        // A last id before that of an entry.
        b"\x05\x01\x02\x00\x02\x01a\x01b\x01\x00\x00\x00\x01\x00",
        // A group, a consumer and a pending entry twice.
        b"\x05\x00\x01\x00\x00\x00\x00\x02\x01g\x00\x00\x00\x00\x01g\x00\x00\x00\x00",
        b"\x05\x00\x01\x00\x00\x00\x00\x01\x01g\x00\x00\x00\x02\x01c\x00\x00\x00\x01c\x00\x00\x00",
        b"\x05\x00\x01\x00\x00\x00\x00\x01\x01g\x00\x00\x00\x01\x01c\x00\x00\x02\x01\x01\x00\x01\x01\x01\x00\x01",
        // Neither known nor unknown.
        b"\x05\x00\x01\x00\x00\x00\x00\x01\x01g\x00\x00\x02\x00",
    ];
    for body in bodies {
        let refusal = value(&seal::close(body.to_vec())).unwrap_err();
        assert_eq!(refusal.text(), super::BAD_FORMAT.text(), "{}", body.escape_ascii());
    }
    assert!(value(&seal::close(b"\x05\x00\x01\x00\x00\x00\x00\x01\x01g\x00\x00\x00\x00".to_vec())).is_ok());
}

#[test]
fn a_hash_whose_fields_have_all_ended_is_restored_as_nothing() {
    let mut console = Console::new();
    console.expect("HSETEX h PX 100 FIELDS 1 a 1 => 1");
    let payload = dumped(&mut console, "h");
    console.now_ms += 100;
    assert_eq!(restored(&mut console, "h", "0", &payload, &[]), "OK");
    console.expect("EXISTS h => 0");
}

#[test]
fn a_life_is_given_from_now_or_as_a_time() {
    let mut console = filled();
    let payload = dumped(&mut console, "string");
    assert_eq!(restored(&mut console, "a", "5000", &payload, &[]), "OK");
    assert_eq!(restored(&mut console, "b", "1700000005000", &payload, &["absttl"]), "OK");
    assert_eq!(restored(&mut console, "list", "1", &payload, &["ABSTTL", "REPLACE"]), "OK");
    assert_eq!(restored(&mut console, "idle", "0", &payload, &["IDLETIME", "100"]), "OK");
    assert_eq!(restored(&mut console, "long", "9223372036854775807", &payload, &["FREQ", "1"]), "OK");
    console.expect(
        "PTTL a => 5000
         PTTL b => 5000
         EXISTS list long => 1
         OBJECT IDLETIME idle => 100
         DUMP none => nil",
    );
}

#[test]
fn what_is_wrong_with_a_restoration_is_told_in_order() {
    Console::new().expect(
        r#"SET k v => OK
         RESTORE k -1 xxx FOO => ERR syntax error
         RESTORE k x xxx => BUSYKEY Target key name already exists.
         RESTORE k x xxx REPLACE => ERR value is not an integer or out of range
         RESTORE d -1 xxx => ERR Invalid TTL value, must be >= 0
         RESTORE d 0 xxx => ERR DUMP payload version or checksum are wrong
         RESTORE d 0 "" => ERR DUMP payload version or checksum are wrong
         RESTORE d 0 "\x00\x01v\x0c\x00Z~\xfar\xe3\x12\x14\x87" => ERR DUMP payload version or checksum are wrong
         RESTORE d 0 xxx IDLETIME => ERR syntax error
         RESTORE d 0 xxx IDLETIME x => ERR value is not an integer or out of range
         RESTORE d 0 xxx IDLETIME -1 => ERR Invalid IDLETIME value, must be >= 0
         RESTORE d 0 xxx IDLETIME 1 FREQ 2 => ERR syntax error
         RESTORE d 0 xxx FREQ 1 IDLETIME 2 => ERR syntax error
         RESTORE d 0 xxx FREQ 256 => ERR Invalid FREQ value, must be >= 0 and <= 255
         RESTORE d 0 xxx FREQ 1 FREQ 2 => ERR DUMP payload version or checksum are wrong
         RESTORE k 0 xxx REPLACE => ERR DUMP payload version or checksum are wrong
         GET k => v"#,
    );
}

#[test]
fn a_payload_of_which_one_byte_is_changed_or_some_are_missing_is_refused() {
    let mut console = filled();
    for key in KEYS {
        let payload = dumped(&mut console, key);
        for at in 0..payload.len() {
            assert!(value(&payload[..at]).is_err(), "{key} up to {at}");
            for flipped in 1..=255 {
                let mut changed = payload.clone();
                changed[at] ^= flipped;
                assert_eq!(value(&changed).unwrap_err().text(), super::BAD_SEAL.text(), "{key} at {at}");
            }
        }
    }
}

#[test]
fn a_body_that_nobody_wrote_is_refused_or_read_and_never_more() {
    let mut console = filled();
    let bodies: Vec<_> = KEYS.map(|key| seal::open(&dumped(&mut console, key)).unwrap().to_vec()).into();
    let (mut read, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut body = random.choice(&bodies).unwrap().clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..body.len());
            match random.u8(..4) {
                0 => body[at] = random.u8(..),
                1 => body.truncate(at.max(1)),
                2 => body.insert(at, *random.choice(&[0, 1, 0x7f, 0x80, 0xff]).unwrap()),
                _ => body.extend(bodies[random.usize(..bodies.len())].clone()),
            }
        }
        match value(&seal::close(body.clone())) {
            Ok(value) => {
                read += 1;
                assert!(!value.is_hollow(), "seed {seed}");
                assert!(super::value(&payload(&value)).is_ok(), "seed {seed}");
            }
            Err(refusal) => {
                refused += 1;
                assert_eq!(refusal.text(), super::BAD_FORMAT.text(), "seed {seed}");
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn what_is_empty_or_twice_or_no_number_or_too_long_is_no_value() {
    let bodies: [&[u8]; 11] = [
        b"",
        b"\x00",
        b"\x00\x02a",
        b"\x00\x01ab",
        b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a",
        b"\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02",
        b"\x01\x00",
        b"\x02\x02\x01a\x01a",
        b"\x03\x02\x01a\x01b\x00\x01a\x01b\x00",
        b"\x04\x01\x01a\x00\x00\x00\x00\x00\x00\xf8\x7f",
        b"\x09\x01a",
    ];
    for body in bodies {
        let refusal = value(&seal::close(body.to_vec())).unwrap_err();
        assert_eq!(refusal.text(), super::BAD_FORMAT.text(), "{}", body.escape_ascii());
    }
    assert!(matches!(value(&seal::close(b"\x00\x01a".to_vec())), Ok(Stored::String(text)) if text == b"a"));
}
