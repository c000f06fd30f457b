//! One sequence on the subject and on the server: the first reply, or the first key, in which they disagree.

use std::time::Duration;

use redfleet_core::test_util::TestImage;

use super::command::{Command, Sequence, Words, name_of};
use super::compare::{agree, is_drawn};
use super::differences::{self, Difference, Exchange, Kind};
use super::generator::called;
use super::player::Player;
use super::reply::Reply;
use super::rules::{Rule, rule};

#[derive(Debug)]
pub(super) struct Disagreement {
    /// The command's place in the sequence; none if it is in what was left at the end.
    pub(super) place: Option<usize>,
    pub(super) command: Command,
    pub(super) subject: Reply,
    pub(super) server: Reply,
}

impl Disagreement {
    /// What tells one from another: the command.
    pub(super) fn kind(&self) -> String {
        let words = called(&self.command.words).map_or(self.command.words.as_slice(), |(words, _)| words);
        format!("{}{}", if self.place.is_some() { "" } else { "contents by " }, name_of(words))
    }

    pub(super) fn is_lost(&self) -> bool {
        [&self.subject, &self.server].iter().any(|reply| matches!(reply, Reply::Lost(_)))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Agree,
    /// The table says that they may part here.
    Part,
    Disagree,
}

#[derive(Debug)]
pub(super) struct Duel {
    pub(super) subject: Player,
    pub(super) server: Player,
    pub(super) image: TestImage,
    /// A difference that is taken for none, to see whether it is there.
    pub(super) doubted: Option<&'static Difference>,
    /// How many commands were compared.
    pub(super) compared: usize,
}

impl Duel {
    pub(super) fn be_patient(&mut self, patience: Duration) {
        self.subject.be_patient(patience);
        self.server.be_patient(patience);
    }

    pub(super) async fn run(&mut self, sequence: &Sequence) -> Option<Disagreement> {
        let commands = sequence.commands();
        let protocol = sequence.protocol;
        let (subject, server) =
            tokio::join!(self.subject.play(&commands, protocol), self.server.play(&commands, protocol));
        self.compared += commands.len();
        let mut judge = Judge { image: self.image, doubted: self.doubted, queued: [const { None }; 2] };
        let pairs = subject.into_iter().zip(server);
        let mut before: Option<(Words, Reply, Reply)> = None;
        for (place, (command, (subject, server))) in commands.into_iter().zip(pairs).enumerate() {
            let drawn = before.as_ref().is_none_or(|(words, was_subject, was_server)| {
                is_fair(&command.words, words, &subject, was_subject)
                    && is_fair(&command.words, words, &server, was_server)
            });
            match judge.judge(&command, &subject, &server) {
                Verdict::Agree if drawn => before = Some((command.words, subject, server)),
                Verdict::Part => return None,
                Verdict::Agree | Verdict::Disagree => {
                    return Some(Disagreement { place: Some(place), command, subject, server });
                }
            }
        }
        let has_field_lives = !differences::lacking(self.image).contains(&"HPEXPIRETIME");
        let (subject, server) = tokio::join!(
            self.subject.contents(protocol, has_field_lives),
            self.server.contents(protocol, has_field_lives)
        );
        subject.into_iter().zip(server).find_map(|((command, subject), (_, server))| {
            let verdict = judge.one(&command.words, &subject, &server);
            (verdict == Verdict::Disagree).then_some(Disagreement { place: None, command, subject, server })
        })
    }
}

/// Whether what was drawn at random was in the set that the command before read.
fn is_fair(words: &Words, before: &Words, reply: &Reply, was: &Reply) -> bool {
    let reads = ["SMEMBERS", "HKEYS", "ZRANGE", "KEYS"].contains(&name_of(before).as_str());
    let has_values = words.last().is_some_and(|word| word.to_ascii_uppercase().starts_with(b"WITH"));
    let is_same_key = name_of(words) == "RANDOMKEY" || words.get(1) == before.get(1);
    if rule(words) != Rule::Drawn
        || !reads
        || !is_same_key
        || has_values
        || matches!(reply, Reply::Error(_) | Reply::Simple(_))
    {
        return true;
    }
    is_drawn(reply, was, words.iter().any(|word| word.starts_with(b"-")))
}

/// Follows what is queued, so that EXEC's replies are judged by the commands that they belong to.
struct Judge {
    image: TestImage,
    doubted: Option<&'static Difference>,
    queued: [Option<Vec<Words>>; 2],
}

impl Judge {
    fn judge(&mut self, command: &Command, subject: &Reply, server: &Reply) -> Verdict {
        let queued = &mut self.queued[command.link];
        match command.name().as_str() {
            "EXEC" => {
                let words = queued.take().unwrap_or_default();
                if let (Reply::Array(left), Reply::Array(right)) = (subject, server)
                    && [left.len(), right.len()] == [words.len(); 2]
                {
                    let pairs = words.iter().zip(left.iter().zip(right));
                    let verdicts = pairs.map(|(words, (left, right))| self.one(words, left, right));
                    return verdicts.fold(Verdict::Agree, |worst, next| match (worst, next) {
                        (Verdict::Disagree, _) | (_, Verdict::Disagree) => Verdict::Disagree,
                        (Verdict::Part, _) | (_, Verdict::Part) => Verdict::Part,
                        (Verdict::Agree, Verdict::Agree) => Verdict::Agree,
                    });
                }
            }
            "DISCARD" | "RESET" => *queued = None,
            _ if *subject == Reply::Simple(b"QUEUED".into()) && subject == server => {
                queued.get_or_insert_default().push(command.words.clone());
                return Verdict::Agree;
            }
            _ => {}
        }
        self.one(&command.words, subject, server)
    }

    fn one(&self, words: &[Vec<u8>], subject: &Reply, server: &Reply) -> Verdict {
        if let Some((inner, is_wrapped)) = called(words) {
            if subject == server {
                return Verdict::Agree;
            }
            return match (is_wrapped, subject.items(), server.items()) {
                (true, Some([_, left, kind]), Some([_, right, other])) if kind == other => {
                    self.one(inner, left, right)
                }
                (true, ..) => self.excused(inner, subject, server),
                (false, ..) => self.one(inner, subject, server),
            };
        }
        if agree(&rule(words), subject, server) {
            Verdict::Agree
        } else {
            self.excused(words, subject, server)
        }
    }

    fn excused(&self, words: &[Vec<u8>], subject: &Reply, server: &Reply) -> Verdict {
        let exchange = Exchange { words, subject, server };
        let is_doubted = |difference: &&Difference| self.doubted.is_some_and(|it| it.what == difference.what);
        let named = differences::of(self.image).filter(|difference| !is_doubted(difference));
        let mut verdicts = named.filter_map(|difference| match difference.kind {
            Kind::Says(is_it) if is_it(&exchange) => Some(Verdict::Agree),
            Kind::Parts(is_it) if is_it(&exchange) => Some(Verdict::Part),
            Kind::Lacks(_) | Kind::Says(_) | Kind::Parts(_) => None,
        });
        verdicts.next().unwrap_or(Verdict::Disagree)
    }
}
