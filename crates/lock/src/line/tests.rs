//! The line, in all short histories: what it says is compared with a plain list.

use super::*;

const TTLS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// The turns as each waiter was told them last, and who holds: what a process would do.
#[derive(Debug, Default)]
struct Crowd {
    line: Line,
    /// In the order in which they began.
    waiting: Vec<(u64, Duration, Turn)>,
    held: Option<(Duration, u32)>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Join(usize),
    /// Of those who wait, the one in this place goes away.
    Leave(usize),
    Granted,
    TakenBesides,
    Released(bool),
    Lost,
}

const STEPS: [Step; 9] = [
    Step::Join(0),
    Step::Join(1),
    Step::Leave(0),
    Step::Leave(1),
    Step::Granted,
    Step::TakenBesides,
    Step::Released(true),
    Step::Released(false),
    Step::Lost,
];

impl Crowd {
    fn told(&mut self, news: News) {
        if let Some((number, turn)) = news {
            let waiter = self.waiting.iter_mut().find(|(other, ..)| *other == number);
            waiter.unwrap_or_else(|| panic!("{number} was told {turn:?} and does not wait")).2 = turn;
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Join(ttl) => {
                let (number, turn) = self.line.join(TTLS[ttl]).unwrap();
                self.waiting.push((number, TTLS[ttl], turn));
            }
            Step::Leave(place) if place < self.waiting.len() => {
                let (number, ..) = self.waiting.remove(place);
                let news = self.line.leave(number);
                self.told(news);
            }
            Step::Granted if self.waiting.first().is_some_and(|(.., turn)| *turn == Turn::Asks) => {
                let (number, ttl, _) = self.waiting.remove(0);
                self.held = Some((ttl, 2));
                let news = self.line.took(Some(number), Some(Held { ttl, hand_overs_left: 2 }));
                self.told(news);
            }
            Step::TakenBesides if self.held.is_none() => {
                self.held = Some((TTLS[0], 1));
                let news = self.line.took(None, Some(Held { ttl: TTLS[0], hand_overs_left: 1 }));
                self.told(news);
            }
            Step::Released(is_sound) if self.held.is_some() => self.released(is_sound),
            Step::Lost if self.held.is_some() => {
                self.held = None;
                let news = self.line.ended();
                self.told(news);
            }
            Step::Leave(_) | Step::Granted | Step::TakenBesides | Step::Released(_) | Step::Lost => {}
        }
    }

    fn released(&mut self, is_sound: bool) {
        let (ttl, left) = self.held.take().unwrap();
        let expected = self.waiting.first().filter(|_| is_sound && left > 0);
        let expected = expected.filter(|(_, wanted, turn)| *wanted == ttl && *turn != Turn::Asks);
        let expected = expected.map(|(number, ..)| *number);
        match self.line.pass(is_sound) {
            Passing::To(number, news) => {
                assert_eq!(Some(number), expected, "the lock goes to the first, who did not ask elsewhere");
                self.waiting.remove(0);
                self.held = Some((ttl, left - 1));
                self.told(news);
            }
            Passing::Nobody(news) => {
                assert_eq!(expected, None, "it is handed on if it can be");
                self.told(news);
            }
        }
    }

    /// What is true at all times.
    fn check(&self) {
        for (place, (number, ttl, turn)) in self.waiting.iter().enumerate() {
            assert_eq!(*turn == Turn::Behind, place > 0, "{number}: the first and nobody else has its turn");
            if *turn == Turn::Heir {
                let (held, left) = self.held.unwrap_or_else(|| panic!("{number} inherits what nobody has"));
                assert!(held == *ttl && left > 0, "{number} inherits what is not handed on");
            }
        }
        let asks = self.waiting.first().filter(|(.., turn)| *turn == Turn::Asks).map(|(number, ..)| *number);
        assert_eq!(self.line.asks(), asks, "one asks, and it is the one that was told so");
        assert_eq!(self.line.is_empty(), self.waiting.is_empty());
        assert_eq!(self.line.is_over(), self.waiting.is_empty() && self.held.is_none());
    }
}

#[test]
fn in_every_history_of_six_steps_the_first_asks_or_inherits_and_the_rest_are_behind() {
    let steps = STEPS.len();
    for history in 0..steps.pow(6) {
        let mut crowd = Crowd::default();
        let mut rest = history;
        for _ in 0..6 {
            crowd.step(STEPS[rest % steps]);
            crowd.check();
            rest /= steps;
        }
    }
}

#[test]
fn long_histories_are_like_short_ones() {
    for seed in 0..200 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut crowd = Crowd::default();
        for _ in 0..300 {
            crowd.step(STEPS[dice.usize(..STEPS.len())]);
            crowd.check();
        }
    }
}

#[test]
fn a_line_has_an_end() {
    let mut line = Line::default();
    for _ in 0..MOST {
        line.join(TTLS[0]).unwrap();
    }
    assert_eq!(line.join(TTLS[0]), Err(Full));
    line.leave(7);
    assert!(line.join(TTLS[0]).is_ok());
}
