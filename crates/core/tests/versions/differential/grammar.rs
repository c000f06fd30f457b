//! The little language that families write their commands in: Redis's own way of describing syntax.
//!
//! ```text
//! SET {key} {value} [NX|XX] [GET] [EX {ttl}|KEEPTTL]     [..] maybe, a|b one of them
//! BITOP (AND|OR) {key} {key}...                          (..) one of them, ... once to three times
//! DEL {key@1} ; LPUSH {key@1} {value} ; B: LLEN {key@1}   ; several commands, @1 the same word again,
//!                                                        B: on the second connection
//! A~ BLPOP {key} 0 ; B: LPUSH ..                         ~ do not wait for the reply, go on when it blocks
//! ! SPOP {key} 1000                                      ! never with words changed
//! ```

use super::words::Pool;

/// One way to make a step of a sequence.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) weight: u32,
    pub(super) lines: Vec<Line>,
    /// Whether words may be dropped, added and changed.
    pub(super) is_mutable: bool,
    /// Words that its family adds.
    pub(super) pools: &'static [Pool],
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) link: usize,
    pub(super) blocks: bool,
    pub(super) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(super) enum Node {
    Word(&'static str),
    Slot { name: &'static str, bound: Option<&'static str> },
    Maybe(Vec<Vec<Self>>),
    OneOf(Vec<Vec<Self>>),
    Several(Box<Self>),
}

impl Form {
    /// # Panics
    ///
    /// If the text is none of this language.
    pub(super) fn parse(weight: u32, text: &'static str, pools: &'static [Pool]) -> Self {
        let (is_exact, rest) = text.strip_prefix("! ").map_or((false, text), |rest| (true, rest));
        let lines: Vec<_> = rest.split(" ; ").map(Line::parse).collect();
        let is_mutable = !is_exact && lines.len() == 1 && !rest.starts_with('@');
        Self { weight, lines, is_mutable, pools }
    }
}

impl Line {
    fn parse(text: &'static str) -> Self {
        let marks = [("A~ ", 0, true), ("B~ ", 1, true), ("A: ", 0, false), ("B: ", 1, false)];
        let marked =
            marks.iter().find_map(|(mark, link, blocks)| Some((text.strip_prefix(mark)?, *link, *blocks)));
        let (rest, link, blocks) = marked.unwrap_or((text, 0, false));
        let mut parser = Parser { rest };
        let mut alternatives = parser.alternatives();
        assert!(parser.rest.is_empty() && alternatives.len() == 1, "not a form: {text}");
        Self { link, blocks, nodes: alternatives.remove(0) }
    }
}

struct Parser {
    rest: &'static str,
}

impl Parser {
    fn alternatives(&mut self) -> Vec<Vec<Node>> {
        let mut all = vec![Vec::new()];
        loop {
            self.rest = self.rest.trim_start();
            let Some(first) = self.rest.chars().next() else { return all };
            let current = all.last_mut().expect("there is always one");
            let node = match first {
                ']' | ')' => return all,
                '|' => {
                    self.skip(1);
                    all.push(Vec::new());
                    continue;
                }
                '[' => Node::Maybe(self.inside("]")),
                '(' => Node::OneOf(self.inside(")")),
                '{' => {
                    let end = self.rest.find('}').unwrap_or_else(|| panic!("no }} in {}", self.rest));
                    let text = &self.rest[1..end];
                    self.skip(end + 1);
                    match text.split_once('@') {
                        Some((name, bound)) => Node::Slot { name, bound: Some(bound) },
                        None => Node::Slot { name: text, bound: None },
                    }
                }
                _ => {
                    let is_end = |c: char| c.is_whitespace() || "[](){}|".contains(c);
                    let end = self.rest.find(is_end).unwrap_or(self.rest.len());
                    let word = &self.rest[..end];
                    self.skip(end);
                    Node::Word(word)
                }
            };
            let node = if let Some(rest) = self.rest.strip_prefix("...") {
                self.rest = rest;
                Node::Several(Box::new(node))
            } else {
                node
            };
            current.push(node);
        }
    }

    fn inside(&mut self, close: &str) -> Vec<Vec<Node>> {
        self.skip(1);
        let inside = self.alternatives();
        self.rest = self.rest.strip_prefix(close).unwrap_or_else(|| panic!("no {close} in {}", self.rest));
        inside
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }
}
