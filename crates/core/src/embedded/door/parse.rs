//! Requests out of bytes, as they come in, without any IO.
//!
//! Memory grows with what arrived, never with what was announced: a header that promises 512 MiB costs nothing. How the
//! bytes are cut into pieces on their way makes no difference to what is read.
//!
//! Where a Redis would wait for ever (a NUL in a header hides the end of the line from C), this refuses.

use super::inline;
use super::request::Request;
use crate::embedded::number;

/// How long a header, or an inline command, may be.
const LINE_MAX_BYTES: usize = 64 << 10;

/// How large requests may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Words of one command.
    pub(super) words_max: usize,
    /// Of one word.
    pub(super) bulk_max_bytes: usize,
    /// Of all words of one command together.
    pub(super) request_max_bytes: usize,
}

/// Why the rest of a connection's bytes cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The number of words is none, or too large.
    Count,
    /// The size of a word is none, or too large.
    Size,
    /// A word must start with a dollar, and started with this byte.
    NoDollar(u8),
    /// An inline command ended inside quotes, or went on behind them.
    Quotes,
    /// An inline command without an end.
    LongInline,
    /// A number of words without an end.
    LongCount,
    /// A size without an end.
    LongSize,
    /// All words together are too large. Redis hangs up without a word here.
    LongRequest,
}

/// Reads the requests of one connection.
#[derive(Debug)]
pub(super) struct Parser {
    limits: Limits,
    step: Step,
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    request: Request,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A request.
    Start,
    /// The rest of an inline command.
    Inline,
    /// The rest of the number of words.
    Count,
    /// A word's size, and so many words with it.
    Size { words: usize },
    /// So many bytes of a word, and so many words with it.
    Word { words: usize, bytes: usize },
    /// So many bytes of the end of a line, behind a word.
    WordEnd { words: usize, bytes: usize },
    /// Nothing any more.
    Broken(Malformed),
}

impl Malformed {
    /// The error reply in Redis's own words.
    pub(super) fn text(self) -> Vec<u8> {
        let problem: &[u8] = match self {
            Self::Count => b"invalid multibulk length",
            Self::Size => b"invalid bulk length",
            Self::NoDollar(byte) => {
                let byte = if matches!(byte, b'\r' | b'\n') { b' ' } else { byte };
                return [b"ERR Protocol error: expected '$', got '", &[byte][..], b"'"].concat();
            }
            Self::Quotes => b"unbalanced quotes in request",
            Self::LongInline => b"too big inline request",
            Self::LongCount => b"too big mbulk count string",
            Self::LongSize => b"too big bulk count string",
            Self::LongRequest => b"too big request",
        };
        [b"ERR Protocol error: ", problem].concat()
    }
}

impl Parser {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, step: Step::Start, line: Vec::new(), request: Request::default() }
    }

    /// Takes the next request off the input. If there is none, the whole input is taken, and more is needed.
    ///
    /// # Errors
    ///
    /// What follows cannot be understood; all later calls say so again.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Request>, Malformed> {
        let result = self.read(input);
        if let Err(problem) = result {
            self.step = Step::Broken(problem);
            (self.line, self.request) = (Vec::new(), Request::default());
        }
        result
    }

    fn read(&mut self, input: &mut &[u8]) -> Result<Option<Request>, Malformed> {
        loop {
            let Some(first) = input.first().copied() else { return Ok(None) };
            self.step = match self.step {
                Step::Broken(problem) => return Err(problem),
                Step::Start if first == b'*' => Step::Count,
                Step::Start => Step::Inline,
                Step::Inline => {
                    if !self.takes_line(input, Until::Newline, Malformed::LongInline)? {
                        return Ok(None);
                    }
                    self.request = inline::split(&self.line).ok_or(Malformed::Quotes)?;
                    self.line.clear();
                    Step::Start
                }
                Step::Count => {
                    if !self.takes_line(input, Until::Return, Malformed::LongCount)? {
                        return Ok(None);
                    }
                    let words = self.count()?;
                    self.line.clear();
                    if words == 0 { Step::Start } else { Step::Size { words } }
                }
                Step::Size { words } => {
                    if !self.takes_line(input, Until::Return, Malformed::LongSize)? {
                        return Ok(None);
                    }
                    let bytes = self.size()?;
                    self.line.clear();
                    Step::Word { words, bytes }
                }
                Step::Word { words, bytes: 0 } => {
                    self.request.end_word();
                    Step::WordEnd { words: words - 1, bytes: 2 }
                }
                Step::Word { words, bytes } => {
                    let part = take(input, bytes);
                    self.request.extend(part);
                    Step::Word { words, bytes: bytes - part.len() }
                }
                // Nobody looks at the end of a line behind a word, Redis neither: its size has said where it ends.
                Step::WordEnd { words, bytes } => match (bytes - take(input, bytes).len(), words) {
                    (0, 0) => Step::Start,
                    (0, _) => Step::Size { words },
                    (bytes, _) => Step::WordEnd { words, bytes },
                },
            };
            if matches!(self.step, Step::Start) && !self.request.is_empty() {
                return Ok(Some(std::mem::take(&mut self.request)));
            }
        }
    }

    /// Takes the rest of a line off the input, without its end. Whether the end was there.
    fn takes_line(&mut self, input: &mut &[u8], until: Until, problem: Malformed) -> Result<bool, Malformed> {
        let (end, behind) = match until {
            Until::Newline => (b'\n', 0),
            Until::Return => (b'\r', 1),
        };
        // Of a line that ends with a return, the byte behind it is part; the return itself may be here already.
        let has_return = behind == 1 && self.line.last() == Some(&end);
        let length = if has_return { Some(1) } else { position(input, end).map(|at| at + 1 + behind) };
        let part = take(input, length.unwrap_or(usize::MAX));
        self.line.extend_from_slice(part);
        let is_whole = length == Some(part.len());
        let end_bytes = if is_whole { 1 + behind } else { usize::from(self.line.last() == Some(&end)) };
        let line_bytes = self.line.len().saturating_sub(end_bytes);
        if line_bytes > LINE_MAX_BYTES {
            return Err(problem);
        }
        if is_whole {
            self.line.truncate(line_bytes);
            if end == b'\n' && self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        }
        Ok(is_whole)
    }

    /// How many words are announced; one that is negative is none, like zero.
    fn count(&self) -> Result<usize, Malformed> {
        let count = self.line.get(1..).and_then(number::integer).ok_or(Malformed::Count)?;
        let count = usize::try_from(count).unwrap_or(0);
        if count > self.limits.words_max { Err(Malformed::Count) } else { Ok(count) }
    }

    /// The size that is announced for a word.
    fn size(&self) -> Result<usize, Malformed> {
        let first = self.line.first().copied().unwrap_or(b'\r');
        if first != b'$' {
            return Err(Malformed::NoDollar(first));
        }
        let size = self.line.get(1..).and_then(number::integer).and_then(|size| usize::try_from(size).ok());
        let size = size.filter(|size| *size <= self.limits.bulk_max_bytes).ok_or(Malformed::Size)?;
        let whole = self.request.size_bytes().saturating_add(size);
        if whole > self.limits.request_max_bytes { Err(Malformed::LongRequest) } else { Ok(size) }
    }
}

/// How a line ends.
#[derive(Debug, Clone, Copy)]
enum Until {
    /// With a newline, perhaps after a return.
    Newline,
    /// With a return and any byte, as Redis reads headers.
    Return,
}

/// Takes at most so many bytes off the input.
fn take<'a>(input: &mut &'a [u8], bytes: usize) -> &'a [u8] {
    let (part, rest) = input.split_at_checked(bytes).unwrap_or((*input, &[]));
    *input = rest;
    part
}

fn position(input: &[u8], byte: u8) -> Option<usize> {
    input.iter().position(|other| *other == byte)
}

#[cfg(test)]
mod tests;
