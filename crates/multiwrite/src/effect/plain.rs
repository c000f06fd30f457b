//! Commands that are seen at a glance to be shipped as they are: the commonest writes, for which no plan need be made.

use redis::{Arg, Cmd};

use super::{Effect, Kind};

/// The effect of a command that leaves its one key as it says and asks nothing, whatever local replies but an error: `SET key value`
/// and nothing more, or `DEL` or `UNLINK` of one key. It is the same that a [`Plan`](super::Plan) comes to.
pub(crate) fn plain(command: &Cmd) -> Option<Effect> {
    let mut words = command.args_iter();
    let length = words.len();
    let (Some(Arg::Simple(name)), Some(Arg::Simple(key))) = (words.next(), words.next()) else { return None };
    let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let is_plain = match length {
        2 => is_one_of(&["DEL", "UNLINK"]),
        3 => is_one_of(&["SET"]) && matches!(words.next(), Some(Arg::Simple(_))),
        _ => false,
    };
    is_plain.then(|| Effect {
        steps: vec![command.clone()],
        keys: vec![key.into()],
        lives: Vec::new(),
        kind: Kind::Overwrites,
    })
}

#[cfg(test)]
mod tests {
    use redis::{Value, cmd};

    use super::*;
    use crate::effect::{Plan, Shipped};

    #[test]
    fn what_is_plain_is_what_a_plan_comes_to() {
        let words =
            |words: &[&str]| words.iter().fold(Cmd::new(), |mut command, word| command.arg(word).take());
        for plainly in [["SET", "k", "v"].as_slice(), &["DEL", "k"], &["UNLINK", "k"]] {
            let command = words(plainly);
            let effect = plain(&command).unwrap();
            let plan = Plan::of(&[&command]).unwrap();
            assert!(plan.questions().is_empty() && !plan.is_read());
            let Shipped::Effect(planned) = plan.shipped(&[Ok(Value::Okay)], &[]) else { panic!("{plan:?}") };
            let packed =
                |effect: &Effect| -> Vec<_> { effect.steps.iter().map(Cmd::get_packed_command).collect() };
            assert_eq!(packed(&effect), packed(&planned));
            assert_eq!(
                (&effect.keys, &effect.lives, effect.kind),
                (&planned.keys, &planned.lives, planned.kind)
            );
            assert_eq!(effect.keys, plan.keys());
        }
    }

    #[test]
    fn what_says_more_needs_a_plan() {
        for words in
            ["SET k v NX", "SET k v PX 9", "DEL a b", "GET k", "SETNX k v", "SET k", "DEL", "GETDEL k"]
        {
            let mut command = Cmd::new();
            for word in words.split(' ') {
                command.arg(word);
            }
            assert!(plain(&command).is_none(), "{words}");
        }
        assert!(plain(&cmd("SET").arg("k").cursor_arg(0).take()).is_none());
    }
}
