//! All of a key, as a text that can be compared.

use redfleet_core::{Backend, convert};
use redis::{Cmd, Value};

/// All of a key, in an order that does not depend on how it came about.
pub(crate) async fn whole(node: &dyn Backend, key: &str) -> String {
    let ask = async |text: &str| node.call(&command(&text.replace('@', key))).await.unwrap();
    let kind: String = convert(ask("TYPE @").await).unwrap();
    let questions: &[&str] = match kind.as_str() {
        "none" => return "nothing".into(),
        "string" => &["GET @"],
        "list" => &["LRANGE @ 0 -1"],
        "set" => &["SMEMBERS @"],
        "zset" => &["ZRANGE @ 0 -1 WITHSCORES"],
        "hash" => &["HGETALL @"],
        "stream" => &["XRANGE @ - +", "XINFO GROUPS @"],
        other => panic!("{other}"),
    };
    let mut told = vec![format!("{:?}", ask("PEXPIRETIME @").await)];
    for question in questions {
        told.push(match ask(question).await {
            Value::Set(members) => sorted(members.iter().map(|member| format!("{member:?}"))),
            Value::Array(members) if kind == "set" => {
                sorted(members.iter().map(|member| format!("{member:?}")))
            }
            Value::Map(pairs) if kind == "hash" => sorted(pairs.iter().map(|pair| format!("{pair:?}"))),
            Value::Array(words) if kind == "hash" => sorted(words.chunks(2).map(|pair| format!("{pair:?}"))),
            other @ (Value::Nil | _) => format!("{other:?}"),
        });
    }
    if kind == "hash" {
        // Servers without ends of fields refuse this on both sides.
        let ends = node.call(&command(&format!("HPEXPIRETIME {key} FIELDS 3 f g i"))).await;
        told.push(ends.map_or_else(|_| String::new(), |ends| format!("{ends:?}")));
    }
    told.join(" ")
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    texts.join(" ")
}

fn command(text: &str) -> Cmd {
    let mut command = Cmd::new();
    for word in text.split(' ') {
        command.arg(word);
    }
    command
}
