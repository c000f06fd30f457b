//! All of a key, as a text that can be compared.

use redfleet_core::{Backend, Batch, convert};
use redis::{Cmd, Value};

/// All of a key as it is at one moment, in an order that does not depend on how it came about.
pub(crate) async fn whole(node: &dyn Backend, key: &str) -> String {
    let asked = |text: &str| command(&text.replace('@', key));
    let kind: String = convert(node.call(&asked("TYPE @")).await.unwrap()).unwrap();
    let questions: &[&str] = match kind.as_str() {
        "none" => return "nothing".into(),
        "string" => &["GET @"],
        "list" => &["LRANGE @ 0 -1"],
        "set" => &["SMEMBERS @"],
        "zset" => &["ZRANGE @ 0 -1 WITHSCORES"],
        "hash" => &["HGETALL @", "HPEXPIRETIME @ FIELDS 3 f g i"],
        "stream" => &["XRANGE @ - +", "XINFO GROUPS @"],
        other => panic!("{other}"),
    };
    // A block: the key comes to its end before all of them or after.
    let block = async |questions: &[&str]| {
        let mut batch: Batch =
            ["EXISTS @", "PEXPIRETIME @"].iter().chain(questions).map(|text| asked(text)).collect();
        batch.make_atomic(0..batch.len());
        node.call_batch(&batch).await.unwrap()
    };
    let mut answers = block(questions).await;
    if kind == "hash" && answers.iter().all(Result::is_err) {
        // A server without ends of fields refuses the block for the command that it does not know: there are none to ask for.
        answers = block(&["HGETALL @"]).await;
    }
    let mut answers = answers.into_iter();
    if answers.next().unwrap().unwrap() == Value::Int(0) {
        return "nothing".into();
    }
    let told =
        ["PEXPIRETIME @"].iter().chain(questions).zip(answers).map(|(&question, answer)| match answer {
            Ok(Value::Set(members)) => sorted(members.iter().map(|member| format!("{member:?}"))),
            Ok(Value::Array(members)) if question == "SMEMBERS @" => {
                sorted(members.iter().map(|member| format!("{member:?}")))
            }
            Ok(Value::Map(pairs)) => sorted(pairs.iter().map(|pair| format!("{pair:?}"))),
            Ok(Value::Array(words)) if question == "HGETALL @" => {
                sorted(words.chunks(2).map(|pair| format!("{pair:?}")))
            }
            Ok(other) => format!("{other:?}"),
            Err(_) => String::new(),
        });
    told.collect::<Vec<_>>().join(" ")
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
