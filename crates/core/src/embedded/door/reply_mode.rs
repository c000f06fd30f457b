//! CLIENT REPLY: which commands a connection wants no reply to.

/// Whether replies are written. What is told unasked always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ReplyMode {
    #[default]
    On,
    Off,
    /// Not the next one.
    SkipNext,
}

impl ReplyMode {
    /// The mode for what follows these words, and whether their own reply is written. What was not done chooses nothing.
    pub(super) fn after(self, words: &[&[u8]], is_done: bool) -> (Self, bool) {
        let chosen = if is_done { chosen(words) } else { None };
        match (self, chosen) {
            (_, Some(Self::On)) => (Self::On, true),
            (Self::Off, _) | (_, Some(Self::Off)) => (Self::Off, false),
            (_, Some(Self::SkipNext)) => (Self::SkipNext, false),
            (Self::On, None) => (Self::On, true),
            (Self::SkipNext, None) => (Self::On, false),
        }
    }
}

fn chosen(words: &[&[u8]]) -> Option<ReplyMode> {
    let [command, verb, mode] = words else { return None };
    if !command.eq_ignore_ascii_case(b"CLIENT") || !verb.eq_ignore_ascii_case(b"REPLY") {
        return None;
    }
    match mode.to_ascii_uppercase().as_slice() {
        b"ON" => Some(ReplyMode::On),
        b"OFF" => Some(ReplyMode::Off),
        b"SKIP" => Some(ReplyMode::SkipNext),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_lasts_until_on_and_skip_for_one_command() {
        let mut mode = ReplyMode::On;
        let mut written = String::new();
        for line in [
            "PING", "SKIP", "PING", "PING", "OFF", "PING", "SKIP", "PING", "ON", "PING", "SKIP", "ON", "PING",
        ] {
            let words: &[&[u8]] = match line {
                "PING" => &[b"PING"],
                mode => &[b"client", b"Reply", mode.as_bytes()],
            };
            let is_written;
            (mode, is_written) = mode.after(words, true);
            written.push(if is_written { 'w' } else { '-' });
        }
        assert_eq!(written, "w--w----ww-ww");
        assert_eq!(ReplyMode::On.after(&[b"CLIENT", b"REPLY", b"OFF"], false), (ReplyMode::On, true));
    }
}
