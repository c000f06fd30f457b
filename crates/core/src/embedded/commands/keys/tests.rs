//! What keys commands answer, as one types them.

use crate::embedded::testing::Console;

#[test]
fn a_key_named_twice_counts_twice_unless_it_is_gone() {
    Console::new().expect(
        r"
        set a 1 => OK
        exists a a b => 2
        touch a a b => 2
        del a a b => 1
        unlink a => 0
        type a => none
        ",
    );
}

#[test]
fn a_renamed_key_keeps_its_life_and_ends_that_of_the_one_it_replaces() {
    Console::new().expect(
        r"
        rename a a => ERR no such key
        renamenx a b => ERR no such key
        set a 1 => OK
        pexpire a 1000 => 1
        set b 2 => OK
        pexpire b 50 => 1
        renamenx a b => 0
        rename a a => OK
        renamenx a a => 0
        rename a b => OK
        pttl b => 1000
        get b => 1
        exists a => 0
        ",
    );
}

#[test]
fn a_copy_has_the_life_of_the_original_and_replaces_only_if_asked() {
    Console::new().expect(
        r"
        copy a b => 0
        copy a a => ERR source and destination objects are the same
        copy a a db 1 => ERR DB index is out of range
        copy a b db => ERR syntax error
        copy a b db 99999999999 => ERR value is out of range, value must between -2147483648 and 2147483647
        set a 1 => OK
        set b 2 => OK
        pexpire a 1000 => 1
        copy a b => 0
        copy a b db 0 replace => 1
        set a 3 => OK
        get b => 1
        pttl b => 1000
        move a 0 => ERR source and destination objects are the same
        move a 1 => ERR DB index is out of range
        ",
    );
}

#[test]
fn a_walk_finds_every_key_once_and_filters_what_it_found() {
    let mut console = Console::new();
    for number in 0..50 {
        console.run(&format!("set key:{number} {number}"));
    }
    let (mut cursor, mut found) = ("0".to_owned(), Vec::new());
    loop {
        let reply = console.run(&format!("scan {cursor} count 7 match key:*"));
        let (next, keys) = reply.trim_matches(['[', ']']).split_once(", [").unwrap();
        found.extend(keys.split(", ").filter(|key| !key.is_empty()).map(str::to_owned));
        cursor = next.to_owned();
        if cursor == "0" {
            break;
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 50);
    console.expect(
        r"
        scan 0 count 100 type list => [0, []]
        scan 0 count 100 match key:1 type STRING => [0, [key:1]]
        keys key:1 => [key:1]
        scan x count 0 => ERR invalid cursor
        scan 0 count 0 => ERR syntax error
        scan 0 novalues => ERR NOVALUES option can only be used in HSCAN
        flushall now => ERR syntax error
        flushall async => OK
        randomkey => nil
        keys * => []
        ",
    );
}
