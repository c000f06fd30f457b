//! What object commands answer, as one types them.

use crate::embedded::store::packed;
use crate::embedded::testing::Console;

#[test]
fn the_idle_time_grows_until_a_key_is_used_and_looking_at_it_is_no_use() {
    let mut console = Console::new();
    console.run("set a hello");
    console.now_ms += 3_500;
    console.expect(
        r"
        object idletime a => 3
        exists a => 1
        ttl a => -1
        type a => string
        object idletime a => 3
        touch a => 1
        object idletime a => 0
        object idletime b => nil
        ",
    );
}

#[test]
fn strings_have_the_form_that_their_contents_ask_for() {
    let mut console = Console::new();
    console.expect(
        r"
        set a 12 => OK
        object encoding a => int
        object refcount a => 2147483647
        set a 10000 => OK
        object refcount a => 1
        set a 012 => OK
        object encoding a => embstr
        object encoding b => nil
        object freq b => nil
        object foo => ERR unknown subcommand 'foo'. Try OBJECT HELP.
        object encoding => ERR wrong number of arguments for 'object|encoding' command
        object => ERR wrong number of arguments for 'object' command
        ",
    );
    console.run(&format!("set a {}", "x".repeat(44)));
    assert_eq!(console.run("object encoding a"), "embstr");
    console.run(&format!("set a {}", "x".repeat(45)));
    assert_eq!(console.run("object encoding a"), "raw");
}

#[test]
fn items_in_a_listpack_take_what_redis_says_they_do() {
    for (item, bytes) in [("0", 2), ("127", 2), ("128", 3), ("-1", 3), ("4096", 4), ("40000", 5), ("x", 3)] {
        assert_eq!(packed::item_bytes(item.as_bytes()), bytes, "`{item}`");
    }
    assert_eq!(packed::item_bytes(&[b'x'; 64]), 67);
    assert_eq!(packed::item_bytes(&[b'x'; 200]), 204);
    assert_eq!(packed::item_bytes(&[b'x'; 20_000]), 20_008);
}
