//! Patterns as in KEYS, SCAN and PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^a]` and `\`.
//!
//! The corners are Redis's own, because clients meet them: a class that is not closed ends with the pattern, a range
//! may be written backwards, and an empty text matches an empty pattern alone (`*` needs at least one byte; KEYS and
//! SCAN treat `*` as no pattern before they come here).

/// How many stars of a pattern are followed: Redis gives up beyond it, so that its recursion is bounded.
const STARS_MAX: usize = 1000;

/// Whether `text` is what `pattern` describes.
///
/// # Cost
///
/// At most as many steps as the lengths of both multiplied: only the last star that was met is tried again, which is
/// enough, because whatever the stars before it could give way to, the last one can as well.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut stars = 0;
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        let Some((&byte, after)) = text.split_first() else { return is_spent(pattern, last_star.is_some()) };
        if pattern.first() == Some(&b'*') {
            pattern = skip_stars(pattern);
            stars += 1;
            if pattern.is_empty() {
                return true;
            }
            if stars > STARS_MAX {
                return false;
            }
            last_star = Some((pattern, text));
        } else if let Some(rest) = one(pattern, byte) {
            (pattern, text) = (rest, after);
            if text.is_empty() {
                // Stars at the end of the pattern match the nothing that is left.
                return skip_stars(pattern).is_empty();
            }
        } else {
            let Some((resume, tried)) = last_star else { return false };
            let Some((_, shorter)) = tried.split_first() else { return false };
            (pattern, text) = (resume, shorter);
            last_star = Some((resume, shorter));
        }
    }
}

/// What is decided when no text is left: nothing but an empty pattern matches it.
fn is_spent(pattern: &[u8], after_star: bool) -> bool {
    pattern.is_empty() && !after_star
}

fn skip_stars(pattern: &[u8]) -> &[u8] {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    pattern.get(stars..).unwrap_or_default()
}

/// Matches one byte with the pattern's first element, which is no star; gives what follows the element.
fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [b'?', rest @ ..] => Some(rest),
        [b'[', class @ ..] => in_class(class, byte),
        [b'\\', escaped, rest @ ..] => (*escaped == byte).then_some(rest),
        [plain, rest @ ..] => (*plain == byte).then_some(rest),
        [] => None,
    }
}

/// Reads a class behind its bracket; gives what follows it if the byte belongs to it.
fn in_class(class: &[u8], byte: u8) -> Option<&[u8]> {
    let (is_negated, mut rest) = match class {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, class),
    };
    let mut found = false;
    let rest = loop {
        rest = match rest {
            [] => break rest,
            [b']', rest @ ..] => break rest,
            [b'\\', escaped, rest @ ..] => {
                found |= *escaped == byte;
                rest
            }
            [from, b'-', to, rest @ ..] => {
                found |= is_between(*from, *to, byte);
                rest
            }
            [plain, rest @ ..] => {
                found |= *plain == byte;
                rest
            }
        };
    };
    (found != is_negated).then_some(rest)
}

/// Redis compares the bytes of a range as C's signed characters, and takes the ends in either order.
fn is_between(from: u8, to: u8, byte: u8) -> bool {
    let [from, to, byte] = [from, to, byte].map(u8::cast_signed);
    (from.min(to)..=from.max(to)).contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line was asked of a Redis 8.0.
    const ANSWERS: &[(&str, &str, bool)] = &[
        ("", "", true),
        ("", "a", false),
        ("a", "", false),
        ("*", "a", true),
        ("*", "", false),
        ("**", "", false),
        ("a*", "a", true),
        ("a**", "a", true),
        ("a*b", "ab", true),
        ("a*b", "a", false),
        ("a*b", "acbc", false),
        ("a*b*c", "aXbXbXc", true),
        ("*ab", "aab", true),
        ("*a?b", "aaab", true),
        ("h?llo", "hello", true),
        ("h?llo", "hllo", false),
        ("h[ae]llo", "hallo", true),
        ("h[ae]llo", "hillo", false),
        ("h[^e]llo", "hallo", true),
        ("h[^e]llo", "hello", false),
        ("h[a-c]llo", "hbllo", true),
        ("h[c-a]llo", "hbllo", true),
        ("[a-c", "b", true),
        ("[a-", "-", true),
        ("[a-", "a", true),
        ("[a", "a", true),
        ("[", "[", false),
        ("[^", "x", true),
        ("[]", "]", false),
        ("[^]", "x", true),
        ("[]a]", "a]", false),
        ("[\\]]", "]", true),
        ("[\\", "\\", true),
        ("[a\\-z]", "-", true),
        ("[a\\-z]", "b", false),
        ("[a-]]", "^", true),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("\\", "\\", true),
        ("\\a", "a", true),
        ("a\\", "a\\", true),
    ];

    #[test]
    fn patterns_match_as_a_redis_said() {
        for (pattern, text, answer) in ANSWERS {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), *answer, "`{pattern}` on `{text}`");
        }
    }

    #[test]
    fn ranges_take_bytes_for_signed() {
        assert!(matches(b"[\x80-\x01]", b"\xff"));
        assert!(matches(b"[a-\xff]", b"B"), "from -1 up to `a`");
        assert!(!matches(b"[a-\xff]", b"b"));
    }

    #[test]
    fn evil_patterns_take_bounded_work() {
        let text = vec![b'a'; 5000];
        let mut evil = b"a*".repeat(900);
        evil.push(b'b');
        assert!(!matches(&evil, &text));
    }

    #[test]
    fn stars_beyond_the_limit_match_only_at_the_end() {
        let text = vec![b'a'; 3000];
        assert!(matches(&b"a*".repeat(1001), &text), "the last star of all asks no more");
        let mut more = b"a*".repeat(1000);
        more.push(b'a');
        assert!(matches(&more, &text));
        let mut too_many = b"a*".repeat(1001);
        too_many.push(b'a');
        assert!(!matches(&too_many, &text));
    }
}
