//! JSON as tokens, with everything that Redis's parser lets pass.

use crate::embedded::number;

/// A token and where it begins, or where it is wrong.
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

pub(super) enum Kind {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    String(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    /// No token, and why.
    Wrong(&'static str),
}

impl Kind {
    /// As errors call it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::ObjectBegin => "T_OBJ_BEGIN",
            Self::ObjectEnd => "T_OBJ_END",
            Self::ArrayBegin => "T_ARR_BEGIN",
            Self::ArrayEnd => "T_ARR_END",
            Self::String(_) => "T_STRING",
            Self::Number(_) => "T_NUMBER",
            Self::Boolean(_) => "T_BOOLEAN",
            Self::Null => "T_NULL",
            Self::Colon => "T_COLON",
            Self::Comma => "T_COMMA",
            Self::End => "T_END",
            Self::Wrong(why) => why,
        }
    }
}

pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    /// Whether infinities, NaN, hexadecimal and leading zeros are numbers.
    takes_invalid: bool,
}

const BAD_STRING: &str = "unexpected end of string";
const BAD_ESCAPE: &str = "invalid escape code";
const BAD_UNICODE: &str = "invalid unicode escape code";
const BAD_NUMBER: &str = "invalid number";
const BAD_TOKEN: &str = "invalid token";

impl<'a> Tokens<'a> {
    /// A NUL ends the text, as in C.
    pub(super) fn new(text: &'a [u8], takes_invalid: bool) -> Self {
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
        Self { text, at: 0, takes_invalid }
    }

    /// How many bytes have been read.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    pub(super) fn next(&mut self) -> Token {
        let blanks = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.skip(blanks.count());
        let at = self.at;
        let Some(first) = self.rest().first() else { return Token { kind: Kind::End, at } };
        let single = match first {
            b'{' => Kind::ObjectBegin,
            b'}' => Kind::ObjectEnd,
            b'[' => Kind::ArrayBegin,
            b']' => Kind::ArrayEnd,
            b':' => Kind::Colon,
            b',' => Kind::Comma,
            b'"' => {
                self.skip(1);
                return match self.string() {
                    Ok(text) => Token { kind: Kind::String(text), at },
                    Err(why) => Token { kind: Kind::Wrong(why), at: self.at },
                };
            }
            _ => return Token { kind: self.word(), at },
        };
        self.skip(1);
        Token { kind: single, at }
    }

    fn word(&mut self) -> Kind {
        let rest = self.rest();
        for (name, kind) in
            [("true", Kind::Boolean(true)), ("false", Kind::Boolean(false)), ("null", Kind::Null)]
        {
            if rest.starts_with(name.as_bytes()) {
                self.skip(name.len());
                return kind;
            }
        }
        let looks_like_one = matches!(rest.first(), Some(b'-' | b'0'..=b'9'));
        let is_invalid = is_invalid(rest);
        if looks_like_one && is_invalid && !self.takes_invalid {
            return Kind::Wrong(BAD_NUMBER);
        }
        if !(looks_like_one || is_invalid && self.takes_invalid) {
            return Kind::Wrong(BAD_TOKEN);
        }
        match number(rest) {
            Some((value, len)) => {
                self.skip(len);
                Kind::Number(value)
            }
            None => Kind::Wrong(BAD_NUMBER),
        }
    }

    /// What stands before the closing quote; at an error, the place is where it is.
    fn string(&mut self) -> Result<Vec<u8>, &'static str> {
        let mut text = Vec::new();
        loop {
            match self.rest() {
                [] => return Err(BAD_STRING),
                [b'"', ..] => {
                    self.skip(1);
                    return Ok(text);
                }
                [b'\\', b'u', ..] => {
                    let (letter, len) = unicode(self.rest()).ok_or(BAD_UNICODE)?;
                    text.extend(letter.encode_utf8(&mut [0; 4]).bytes());
                    self.skip(len);
                }
                [b'\\', escaped @ ..] => {
                    text.push(match escaped.first().ok_or(BAD_ESCAPE)? {
                        plain @ (b'"' | b'\\' | b'/') => *plain,
                        b'b' => 0x08,
                        b't' => b'\t',
                        b'n' => b'\n',
                        b'f' => 0x0C,
                        b'r' => b'\r',
                        _ => return Err(BAD_ESCAPE),
                    });
                    self.skip(2);
                }
                [byte, ..] => {
                    text.push(*byte);
                    self.skip(1);
                }
            }
        }
    }
}

/// The letter that `\uXXXX` stands for, or two of them, and how long they are.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let first = unit(rest)?;
    if let 0xD800..=0xDBFF = first {
        let second = unit(rest.get(6..)?).filter(|second| (0xDC00..=0xDFFF).contains(second))?;
        let both = 0x1_0000 + ((first & 0x3FF) << 10) + (second & 0x3FF);
        return Some((char::from_u32(both)?, 12));
    }
    Some((char::from_u32(first)?, 6))
}

fn unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

/// Whether a number begins here that JSON does not have.
fn is_invalid(rest: &[u8]) -> bool {
    let digits = match rest {
        [b'+', ..] => return true,
        [b'-', digits @ ..] => digits,
        digits => digits,
    };
    match digits {
        [b'0', b'x' | b'X' | b'0'..=b'9', ..] => true,
        [first, second, third, ..] => {
            let three = [*first, *second, *third].map(|byte| byte.to_ascii_lowercase());
            matches!(&three, b"inf" | b"nan")
        }
        _ => false,
    }
}

/// The number at the front, as C's `strtod` finds it, and how long it is.
fn number(rest: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
    let digits = rest.get(sign..)?;
    let starts = |name: &str| {
        digits.get(..name.len()).is_some_and(|front| front.eq_ignore_ascii_case(name.as_bytes()))
    };
    let (value, len) = if starts("infinity") {
        (f64::INFINITY, 8)
    } else if starts("inf") {
        (f64::INFINITY, 3)
    } else if starts("nan") {
        (f64::NAN, 3 + nan_tag(digits.get(3..).unwrap_or_default()))
    } else if let Some(found) = hexadecimal(digits) {
        found
    } else {
        decimal(digits)?
    };
    let value = if rest.first() == Some(&b'-') { -value } else { value };
    Some((value, sign + len))
}

/// The length of what may stand behind `nan`: letters and digits in parentheses.
fn nan_tag(rest: &[u8]) -> usize {
    let Some(inside) = rest.strip_prefix(b"(") else { return 0 };
    let len = inside.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if inside.get(len) == Some(&b')') { len + 2 } else { 0 }
}

fn decimal(digits: &[u8]) -> Option<(f64, usize)> {
    let len = mantissa(digits, u8::is_ascii_digit)?;
    let len = len + exponent(digits.get(len..).unwrap_or_default(), b'e');
    let text = str::from_utf8(digits.get(..len)?).ok()?;
    Some((text.parse().ok()?, len))
}

fn hexadecimal(digits: &[u8]) -> Option<(f64, usize)> {
    let (b"0x" | b"0X", hex) = digits.split_at_checked(2)? else { return None };
    let len = mantissa(hex, u8::is_ascii_hexdigit)?;
    let len = len + exponent(hex.get(len..).unwrap_or_default(), b'p');
    let text = digits.get(..len + 2)?;
    // what does not fit is out of reach of every reader
    let is_small = text.windows(2).any(|pair| pair.eq_ignore_ascii_case(b"p-"));
    let value = number::double(text).unwrap_or(if is_small { 0.0 } else { f64::INFINITY });
    Some((value, len + 2))
}

/// The length of digits with at most one point, if there is any digit.
fn mantissa(text: &[u8], is_digit: fn(&u8) -> bool) -> Option<usize> {
    let whole = text.iter().take_while(|byte| is_digit(byte)).count();
    let fraction = match text.get(whole..) {
        Some([b'.', behind @ ..]) => behind.iter().take_while(|byte| is_digit(byte)).count() + 1,
        _ => 0,
    };
    (whole + fraction > usize::from(fraction > 0)).then_some(whole + fraction)
}

/// The length of an exponent, if one begins with this letter.
fn exponent(text: &[u8], letter: u8) -> usize {
    let Some((first, rest)) = text.split_first() else { return 0 };
    if !first.eq_ignore_ascii_case(&letter) {
        return 0;
    }
    let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
    let digits = rest.iter().skip(sign).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 { 0 } else { 1 + sign + digits }
}
