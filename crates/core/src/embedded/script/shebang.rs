//! The first line of a script: `#!lua flags=no-writes,allow-stale`.

/// What a script said of itself in its first line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are Redis's four flags, and each stands alone")]
pub(crate) struct Flags {
    /// It calls no command that writes; one that does is refused.
    pub(crate) no_writes: bool,
    /// It may run when memory is short.
    pub(crate) allow_oom: bool,
    /// It may run on a replica that has lost its primary.
    pub(crate) allow_stale: bool,
    /// It may use keys of several slots.
    pub(crate) allow_cross_slot_keys: bool,
    /// It must not run on a cluster.
    pub(crate) no_cluster: bool,
    /// There was such a line at all: without one, Redis keeps to the rules of old scripts.
    pub(crate) stated: bool,
}

/// The flags of a script and the text that is to be compiled; an error is the reply's text.
///
/// The text starts at the end of the first line, so that line numbers stay right.
pub(super) fn read(source: &[u8]) -> Result<(Flags, &[u8]), String> {
    if !source.starts_with(b"#!") {
        return Ok((Flags::default(), source));
    }
    let Some(end) = source.iter().position(|byte| *byte == b'\n') else {
        return Err("ERR Invalid script shebang".to_owned());
    };
    let (line, body) = source.split_at(end);
    let line = String::from_utf8_lossy(line);
    let Some(parts) = split(&line) else { return Err("ERR Invalid engine in script shebang".to_owned()) };
    let mut parts = parts.into_iter();
    let engine = parts.next().unwrap_or_default();
    if engine != "#!lua" {
        return Err(format!("ERR Unexpected engine in script shebang: {engine}"));
    }
    let mut flags = Flags { stated: true, ..Flags::default() };
    for part in parts {
        let Some(list) = part.strip_prefix("flags=") else {
            return Err(format!("ERR Unknown lua shebang option: {part}"));
        };
        if list.is_empty() {
            continue;
        }
        for flag in list.split(',') {
            set(&mut flags, flag)?;
        }
    }
    Ok((flags, body))
}

/// The words of the line. Quotes hold a word together and must end at its end; nothing if one stays open.
fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let mut word = String::new();
        let mut quote = None;
        let mut end = rest.len();
        for (place, letter) in rest.char_indices() {
            match quote {
                Some(open) if letter == open => {
                    let behind = rest.get(place.saturating_add(1)..).unwrap_or_default();
                    if !(behind.is_empty() || behind.starts_with(char::is_whitespace)) {
                        return None;
                    }
                    quote = None;
                }
                Some(_) => word.push(letter),
                None if letter.is_whitespace() => {
                    end = place;
                    break;
                }
                None if letter == '"' || letter == '\'' => quote = Some(letter),
                None => word.push(letter),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    Some(words)
}

fn set(flags: &mut Flags, flag: &str) -> Result<(), String> {
    let known = match flag {
        "no-writes" => &mut flags.no_writes,
        "allow-oom" => &mut flags.allow_oom,
        "allow-stale" => &mut flags.allow_stale,
        "allow-cross-slot-keys" => &mut flags.allow_cross_slot_keys,
        "no-cluster" => &mut flags.no_cluster,
        unknown => return Err(format!("ERR Unexpected flag in script shebang: {unknown}")),
    };
    *known = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line was asked of a Redis 8.0.
    #[test]
    fn first_lines_are_refused_in_the_words_of_a_server() {
        let cases = [
            ("#!lua flags=foo\n", "ERR Unexpected flag in script shebang: foo"),
            ("#!lua flags=no-writes,\n", "ERR Unexpected flag in script shebang: "),
            ("#!lua name=x\n", "ERR Unknown lua shebang option: name=x"),
            ("#!lua", "ERR Invalid script shebang"),
            ("#!python\n", "ERR Unexpected engine in script shebang: #!python"),
            ("#! lua\n", "ERR Unexpected engine in script shebang: #!"),
            ("#!lua\treturn 1\n", "ERR Unknown lua shebang option: return"),
            ("#!lua 'flags=no-writes\n", "ERR Invalid engine in script shebang"),
        ];
        for (source, text) in cases {
            assert_eq!(read(source.as_bytes()), Err(text.to_owned()), "{source}");
        }
    }

    #[test]
    fn flags_are_read_and_the_lines_keep_their_numbers() {
        let (flags, body) =
            read(b"#!lua flags=\"no-writes,allow-stale\" 'flags=allow-oom'\nreturn 1").expect("flags");
        let stated =
            Flags { no_writes: true, allow_stale: true, allow_oom: true, stated: true, ..Flags::default() };
        assert_eq!((flags, body), (stated, b"\nreturn 1".as_slice()));
        assert_eq!(read(b"return 1"), Ok((Flags::default(), b"return 1".as_slice())));
    }
}
