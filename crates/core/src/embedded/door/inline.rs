//! Inline commands: a line that a person typed, split into words by Redis's rules of quoting.

use super::request::Request;

/// Splits a line; `None` if its quotes are unbalanced.
///
/// Between double quotes `\n`, `\r`, `\t`, `\b`, `\a` and `\x41` stand for a byte, and any other escaped byte for
/// itself; between single ones only `\'` does. A closing quote ends its word, an opening one need not begin it.
pub(super) fn split(line: &[u8]) -> Option<Request> {
    let mut request = Request::default();
    let mut rest = line;
    loop {
        while let [first, after @ ..] = rest
            && is_blank(*first)
        {
            rest = after;
        }
        if rest.is_empty() {
            return Some(request);
        }
        rest = word(rest, &mut request)?;
        request.end_word();
    }
}

/// Reads one word and gives what follows it.
fn word<'a>(line: &'a [u8], request: &mut Request) -> Option<&'a [u8]> {
    let mut rest = line;
    loop {
        rest = match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Some(rest),
            [b'"', quoted @ ..] => return double_quoted(quoted, request),
            [b'\'', quoted @ ..] => return single_quoted(quoted, request),
            [byte, after @ ..] => {
                request.extend(&[*byte]);
                after
            }
        }
    }
}

fn double_quoted<'a>(quoted: &'a [u8], request: &mut Request) -> Option<&'a [u8]> {
    let mut rest = quoted;
    loop {
        let byte;
        (byte, rest) = match rest {
            [] => return None,
            [b'"', after @ ..] => return ended(after),
            [b'\\', b'x', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hexadecimal(*high) << 4 | hexadecimal(*low), after)
            }
            [b'\\', escaped, after @ ..] => (meant(*escaped), after),
            [byte, after @ ..] => (*byte, after),
        };
        request.extend(&[byte]);
    }
}

fn single_quoted<'a>(quoted: &'a [u8], request: &mut Request) -> Option<&'a [u8]> {
    let mut rest = quoted;
    loop {
        let byte;
        (byte, rest) = match rest {
            [] => return None,
            [b'\'', after @ ..] => return ended(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
        };
        request.extend(&[byte]);
    }
}

/// What follows a closing quote: nothing, or a blank.
fn ended(after: &[u8]) -> Option<&[u8]> {
    after.first().is_none_or(|byte| is_blank(*byte)).then_some(after)
}

fn meant(escaped: u8) -> u8 {
    match escaped {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hexadecimal(digit: u8) -> u8 {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).unwrap_or_default()
}

/// What C's `isspace` says.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<Vec<String>> {
        let request = split(line.as_bytes())?;
        Some(request.words().iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect())
    }

    #[test]
    fn lines_are_split_as_a_redis_does() {
        for (line, expected) in [
            ("PING", &["PING"][..]),
            ("  SET  k\tv  ", &["SET", "k", "v"]),
            ("", &[]),
            (" \t ", &[]),
            ("\"\" a", &["", "a"]),
            (r#"ECHO "a b\x41\n\q""#, &["ECHO", "a bA\nq"]),
            (r#"ECHO "a\x4""#, &["ECHO", "ax4"]),
            (r"ECHO a\x41", &["ECHO", r"a\x41"]),
            (r"ECHO 'a\'b'", &["ECHO", "a'b"]),
            (r"ECHO 'a\nb'", &["ECHO", r"a\nb"]),
            (r#"ECHO a"b c""#, &["ECHO", "ab c"]),
            ("ECHO a\x0bb", &["ECHO", "a\x0bb"]),
            ("\x0bECHO a", &["ECHO", "a"]),
        ] {
            assert_eq!(words(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn unbalanced_quotes_are_seen() {
        for line in [r#"ECHO "a"b"#, r#"ECHO "a"#, "ECHO 'a", r#"ECHO 'a'"b""#, r#"ECHO "a\"#, r#"ECHO "a\""#]
        {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
