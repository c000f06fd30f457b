//! Scripts on a node. What is answered was asked of a Redis 8.0.

use crate::embedded::client::Protocol;
use crate::embedded::testing::Console;

#[test]
fn arguments_are_checked_in_the_order_of_a_server() {
    Console::new().expect(
        r#"
        EVAL "return 1" a => ERR value is not an integer or out of range
        EVAL "syntax err" a => ERR value is not an integer or out of range
        EVAL "return 1" -1 => ERR Number of keys can't be negative
        EVAL "return 1" 1 => ERR Number of keys can't be greater than number of args
        EVAL "syntax err" 0 => ERR Error compiling script (new function): user_script:1: '=' expected near 'err'
        EVALSHA abc x => NOSCRIPT No matching script. Please use EVAL.
        EVALSHA 0123456789012345678901234567890123456789 -1 => ERR Number of keys can't be negative
        EVALSHA 0123456789012345678901234567890123456789 0 => NOSCRIPT No matching script. Please use EVAL.
        EVAL "return {KEYS, ARGV}" 2 a b c => [[a, b], [c]]
        EVAL "" 0 => nil
        EVAL x => ERR wrong number of arguments for 'eval' command
        "#,
    );
}

#[test]
fn what_a_script_may_not_call_is_refused_in_the_words_of_a_server() {
    let mut console = Console::new();
    for (command, text) in [
        ("'foo', 'a'", "ERR Unknown Redis command called from script"),
        ("'object', 'foo'", "ERR Unknown Redis command called from script"),
        ("'object'", "ERR Wrong number of args calling Redis command from script"),
        ("'subscribe'", "ERR Wrong number of args calling Redis command from script"),
        ("'subscribe', 'a'", "ERR This Redis command is not allowed from script"),
        ("'multi'", "ERR This Redis command is not allowed from script"),
        ("'eval', 'return 1', 0", "ERR This Redis command is not allowed from script"),
        ("'script', 'exists', 'a'", "ERR This Redis command is not allowed from script"),
    ] {
        assert_eq!(console.run(&format!("EVAL \"return redis.pcall({command})\" 0")), text, "{command}");
    }
    console.expect(
        r#"
        EVAL "return redis.call('get')" 0 => ERR Wrong number of args calling Redis command from script script: f187dee77f607f7cff00bbabc9df38507582c78d, on @user_script:1.
        EVAL "return redis.pcall('get')['err']" 0 => ERR Wrong number of args calling Redis command from script
        EVAL "return redis.call('lpop', KEYS[1])" 1 no => nil
        "#,
    );
}

#[test]
fn a_script_that_said_that_it_writes_nothing_writes_nothing() {
    let refused = "ERR Write commands are not allowed from read-only scripts.";
    let mut console = Console::new();
    for command in ["'set', 'a', 'b'", "'publish', 'a', 'b'", "'pfcount', 'a'", "'sort', 'a'"] {
        let script = format!("return redis.pcall({command})");
        assert_eq!(console.run(&format!("EVAL_RO \"{script}\" 0")), refused);
        assert_eq!(console.run(&format!("EVAL \"#!lua flags=no-writes\\n{script}\" 0")), refused);
    }
    console.expect(
        r##"
        EVAL_RO "#!lua\nreturn 1" 0 => ERR Can not execute a script with write flag using *_ro command.
        EVAL_RO "#!lua flags=no-writes\nreturn redis.call('get', 'a')" 0 => nil
        EVAL_RO "return redis.call('sort_ro', 'a')" 0 => []
        EVAL_RO "return redis.call('set', 'a')" 0 => ERR Wrong number of args calling Redis command from script script: ad89cf96173064e2078674494f691e9fa8cf56a9, on @user_script:1.
        EVAL "#!lua flags=foo\n" 0 => ERR Unexpected flag in script shebang: foo
        EXISTS a => 0
        "##,
    );
}

#[test]
fn scripts_are_known_by_their_hash_until_they_are_flushed() {
    Console::new().expect(
        r#"
        SCRIPT LOAD "return 1" => e0e1f9fabfc9d4800c877a703b823ac0578ff8db
        SCRIPT LOAD "syntax err" => ERR Error compiling script (new function): user_script:1: '=' expected near 'err'
        SCRIPT EXISTS a e0e1f9fabfc9d4800c877a703b823ac0578ff8db E0E1F9FABFC9D4800C877A703B823AC0578FF8DB => [0, 1, 1]
        EVALSHA E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0 => 1
        EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0 => 1
        SCRIPT FLUSH x => ERR SCRIPT FLUSH only support SYNC|ASYNC option
        SCRIPT FLUSH async => OK
        EVALSHA E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0 => NOSCRIPT No matching script. Please use EVAL.
        EVAL "return 1" 0 => 1
        EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0 => 1
        SCRIPT KILL => NOTBUSY No scripts in execution right now.
        SCRIPT FOO => ERR unknown subcommand 'FOO'. Try SCRIPT HELP.
        SCRIPT LOAD => ERR wrong number of arguments for 'script|load' command
        SCRIPT => ERR wrong number of arguments for 'script' command
        SCRIPT DEBUG NO => OK
        SCRIPT DEBUG maybe => ERR Use SCRIPT DEBUG YES/SYNC/NO
        "#,
    );
}

#[test]
fn an_error_keeps_what_was_written_and_a_stop_undoes_it() {
    let mut console = Console::new();
    console.state.data.scripts = crate::embedded::scripts::Scripts::new(crate::embedded::script::Limits {
        instructions: 100_000,
        memory_bytes: 8 << 20,
    });
    console.expect(
        r#"
        MSET a 1 b 2 => OK
        RPUSH list x => 1
        EVAL "redis.call('SET', 'a', 'new') error('no')" 0 => ERR user_script:1: no script: fc014c6215411ee7cbb93f2f91dfe7b16879d524, on @user_script:1.
        GET a => new
        EVAL "redis.call('SET', 'a', 'x') redis.call('SET', 'c', 'x') redis.call('LPOP', 'list') while true do end" 0 => ERR script stopped: it ran for more than 100000 instructions
        EVAL "redis.call('FLUSHALL') redis.call('SET', 'c', 'x') local s = 'x' while true do s = s .. s end" 0 => ERR script stopped: it needed more than 8388608 bytes of memory
        EVAL "redis.call('DEL', 'a') while true do pcall(function() while true do end end) end" 0 => ERR script stopped: it ran for more than 100000 instructions
        MGET a b c => [new, 2, nil]
        LRANGE list 0 -1 => [x]
        EVAL "return redis.call('GET', 'a')" 0 => new
        "#,
    );
}

#[test]
fn replies_are_in_the_protocol_that_the_script_asks_for() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut console = Console::with(protocol);
        console.expect(
            r#"
            ZADD z 1.5 a => 1
            EVAL "return redis.call('ZSCORE', 'z', 'a')" 0 => 1.5
            EVAL "redis.setresp(3) return redis.call('ZSCORE', 'z', 'a').double" 0 => 1
            EVAL "return redis.call('GET', 'no') == false" 0 => 1
            EVAL "redis.setresp(3) return redis.call('GET', 'no') == nil" 0 => true
            EVAL "return type(redis.call('ZSCORE', 'z', 'a'))" 0 => string
            "#,
        );
        console.run("MULTI");
        console.expect(r#"EVAL "return redis.call('INCR', 'n')" 0 => QUEUED"#);
        console.expect("EXEC => [1]");
    }
}

#[test]
fn time_stands_still_within_a_script() {
    Console::new().expect(
        r#"
        EVAL "redis.call('SET', 'a', '1', 'PX', 1) for i = 1, 1e5 do end return redis.call('PTTL', 'a')" 0 => 1
        "#,
    );
}
