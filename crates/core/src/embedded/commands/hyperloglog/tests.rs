//! Sketches, held against what a Redis made of the same elements.

use redis::Value;

use crate::embedded::testing::Console;

/// Adds `name:number` for each number.
fn add(console: &mut Console, key: &str, name: &str, numbers: std::ops::Range<usize>) {
    let numbers: Vec<_> = numbers.collect();
    for some in numbers.chunks(500) {
        let elements: String = some.iter().map(|number| format!(" {name}:{number}")).collect();
        console.run(&format!("PFADD {key}{elements}"));
    }
}

/// The length of a sketch and the SHA-1 of its bytes.
fn print(console: &mut Console, key: &str) -> (usize, String) {
    let Value::BulkString(bytes) = console.reply(&[b"GET", key.as_bytes()]) else { panic!("a string") };
    (bytes.len(), sha1_smol::Sha1::from(&bytes).digest().to_string())
}

#[test]
fn a_sketch_has_the_bytes_and_the_count_of_a_server_at_every_size() {
    let known = [
        (1, 1, 21, "d111dd27cb94748a8cf3c3c1bf002fe0e1b6b277"),
        (2, 2, 24, "271a9920fad4dcd3c997985935bd48803efc4cf0"),
        (10, 10, 48, "2e8a03b5c03199a9ae5ab9d80221fc17a360513b"),
        (100, 99, 285, "7459ce723e60c1e28c51049e9d7b94aefaa41573"),
        (500, 502, 1050, "9f04e22687312022cc87e6e64a368224c03edda8"),
        (1000, 997, 1897, "dfa0062724c1e7fea3af69df2a0c40c3e2c9c730"),
        (1700, 1706, 12304, "9977ae23597a9968965307026f9f0d55f23ee391"),
        (2000, 2004, 12304, "1c67a60715d2f415fb3566cc3a83fe532bd37eb2"),
        (5000, 5005, 12304, "7aafa305e103f7c4867c2d9bbcb128da11da15b1"),
        (20_000, 19_986, 12304, "5eb3dfb4f4510abcdedb374be76ec2ce765c3c29"),
    ];
    let (mut console, mut added) = (Console::new(), 0);
    for (number, count, len, sha1) in known {
        add(&mut console, "h", "element", added..number);
        added = number;
        assert_eq!(print(&mut console, "h"), (len, sha1.to_owned()), "after {number}");
        assert_eq!(console.run("PFCOUNT h"), count.to_string(), "after {number}");
    }
}

#[test]
fn elements_of_every_length_have_the_hash_of_a_server() {
    let mut console = Console::new();
    let elements: Vec<_> = (0..200).map(|len| vec![b'x'; len]).collect();
    let mut words: Vec<&[u8]> = vec![b"PFADD", b"l"];
    words.extend(elements.iter().map(Vec::as_slice));
    console.reply(&words);
    assert_eq!(print(&mut console, "l"), (493, "25d8c9f831902dcb02e2ee3dac958b7212eb3fb2".into()));
    assert_eq!(console.run("PFCOUNT l"), "198");
}

#[test]
fn sketches_of_both_forms_are_merged_as_on_a_server() {
    let mut console = Console::new();
    add(&mut console, "a", "a", 0..600);
    add(&mut console, "b", "b", 0..600);
    console.run("PFMERGE ab a b");
    assert_eq!(print(&mut console, "ab"), (2228, "ef0e4c7f54131f9d310172519ed13ab2262ac5b7".into()));
    console.expect("PFCOUNT ab => 1201\nPFCOUNT a b => 1201");
    add(&mut console, "c", "c", 0..4000);
    console.run("PFMERGE a c");
    assert_eq!(print(&mut console, "a"), (12304, "8982e8f479158985e20e8793521f0190a50169cf".into()));
    add(&mut console, "d", "d", 0..900);
    console.expect("PFCOUNT a => 4558\nPFMERGE d ab => OK");
    assert_eq!(print(&mut console, "d"), (12304, "505e91a2ac31a977f7a036bb454200b2d56ff944".into()));
    console.expect("PFCOUNT d none => 2103");
}

#[test]
fn the_count_is_kept_in_the_sketch_until_it_changes() {
    Console::new().expect(
        r#"PFADD h a b c => 1
         GET h => HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80`\xf3\x80P\xb1\x84K\xfb\x80BZ
         PFCOUNT h => 3
         GET h => HYLL\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00`\xf3\x80P\xb1\x84K\xfb\x80BZ
         PFADD h a => 0
         PFMERGE h => OK
         GET h => HYLL\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x80`\xf3\x80P\xb1\x84K\xfb\x80BZ
         PFADD e => 1
         PFADD e => 0
         GET e => HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff
         TYPE e => string
         PFMERGE m none => OK
         GET m => HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff
         PFCOUNT m none => 0
         EXPIRE h 100 => 1
         PFADD h d => 1
         TTL h => 100"#,
    );
}

#[test]
fn what_is_no_sketch_or_a_broken_one_is_refused() {
    Console::new().expect(
        r#"PFADD h a b c => 1
         SET s foo => OK
         PFADD s a => WRONGTYPE Key is not a valid HyperLogLog string value.
         PFCOUNT h s => WRONGTYPE Key is not a valid HyperLogLog string value.
         PFMERGE d s => WRONGTYPE Key is not a valid HyperLogLog string value.
         SET s HYLL => OK
         PFCOUNT s => WRONGTYPE Key is not a valid HyperLogLog string value.
         SET s "HYLL\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x05" => OK
         PFCOUNT s => WRONGTYPE Key is not a valid HyperLogLog string value.
         SET s "HYLL\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x05" => OK
         PFCOUNT s => WRONGTYPE Key is not a valid HyperLogLog string value.
         SET s "HYLL\x01\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x05" => OK
         PFCOUNT s => 5
         PFCOUNT s h => INVALIDOBJ Corrupted HLL object detected
         PFADD s a => INVALIDOBJ Corrupted HLL object detected
         PFMERGE s h => INVALIDOBJ Corrupted HLL object detected
         PFMERGE d h s => INVALIDOBJ Corrupted HLL object detected
         EXISTS d => 0
         SET s "HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x7f\xff\x7f\xff\x88" => OK
         PFADD s a => 1
         GET s => HYLL\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80q\xa6\x84NW\x7f\xff\x88
         PFCOUNT s => INVALIDOBJ Corrupted HLL object detected
         HSET x a 1 => 1
         PFADD x a => WRONGTYPE Operation against a key holding the wrong kind of value
         PFCOUNT h x => WRONGTYPE Operation against a key holding the wrong kind of value"#,
    );
}
