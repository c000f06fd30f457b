//! From values to `MessagePack`.

use mlua::{Either, Lua, Table, Value};

use super::super::super::arguments::Arguments;
use super::super::super::meter::Meter;
use super::super::super::numbers;
use super::super::super::words::{Item, Other, Skip};

/// Tables within tables; those further inside become nil.
const MAX_DEPTH: usize = 16;

pub(super) fn pack(lua: &Lua, meter: &Meter, given: &Arguments<'_>) -> mlua::Result<mlua::String> {
    if given.count() == 0 {
        return Err(given.refuse(0, "MessagePack pack needs input."));
    }
    let mut packer = Packer { meter, out: Vec::new() };
    for item in given.from(1) {
        packer.item(item, 0)?;
    }
    lua.create_string(packer.out)
}

struct Packer<'a> {
    meter: &'a Meter,
    out: Vec<u8>,
}

impl Packer<'_> {
    fn item(&mut self, item: &Item, depth: usize) -> mlua::Result<()> {
        self.meter.spend(10)?;
        self.meter.hold(self.out.len())?;
        match item {
            Either::Right(number) => self.number(*number),
            Either::Left(Other(Value::Boolean(truth))) => self.out.push(if *truth { 0xC3 } else { 0xC2 }),
            Either::Left(Other(Value::String(text))) => self.string(&text.as_bytes()),
            Either::Left(Other(Value::Table(table))) if depth < MAX_DEPTH => self.table(table, depth)?,
            Either::Left(_) => self.out.push(0xC0),
        }
        Ok(())
    }

    fn number(&mut self, number: f64) {
        let whole = numbers::to_integer(number);
        #[expect(clippy::cast_precision_loss, reason = "compared with what it came from")]
        let is_whole = whole as f64 == number;
        if is_whole {
            return self.integer(whole);
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared with what it came from")]
        let short = number as f32;
        if f64::from(short) == number {
            self.out.push(0xCA);
            self.out.extend(short.to_be_bytes());
        } else {
            self.out.push(0xCB);
            self.out.extend(number.to_be_bytes());
        }
    }

    /// In as few bytes as hold it.
    fn integer(&mut self, whole: i64) {
        let bytes = whole.to_be_bytes();
        let (code, size) = match whole {
            -32..=127 => (None, 1),
            128..=0xFF => (Some(0xCC), 1),
            0x100..=0xFFFF => (Some(0xCD), 2),
            0x1_0000..=0xFFFF_FFFF => (Some(0xCE), 4),
            0x1_0000_0000.. => (Some(0xCF), 8),
            -0x80..=-33 => (Some(0xD0), 1),
            -0x8000..=-0x81 => (Some(0xD1), 2),
            -0x8000_0000..=-0x8001 => (Some(0xD2), 4),
            ..=-0x8000_0001 => (Some(0xD3), 8),
        };
        self.out.extend(code);
        self.out.extend_from_slice(bytes.get(bytes.len() - size..).unwrap_or_default());
    }

    /// The head of what has a length: in the code itself below `short`, else behind one of the codes for 1, 2 and 4
    /// bytes. Longer than that is nothing here.
    fn head(&mut self, len: usize, fixed: u8, short: u8, codes: [Option<u8>; 3]) {
        let [in_one, in_two, in_four] = codes;
        if let Ok(len) = u8::try_from(len) {
            if len < short {
                return self.out.push(fixed | len);
            }
            if let Some(code) = in_one {
                return self.out.extend([code, len]);
            }
        }
        if let Ok(len) = u16::try_from(len) {
            self.out.extend(in_two);
            self.out.extend(len.to_be_bytes());
        } else {
            self.out.extend(in_four);
            self.out.extend(u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        }
    }

    fn string(&mut self, text: &[u8]) {
        self.head(text.len(), 0xA0, 32, [Some(0xD9), Some(0xDA), Some(0xDB)]);
        self.out.extend_from_slice(text);
    }

    fn table(&mut self, table: &Table, depth: usize) -> mlua::Result<()> {
        let depth = depth.saturating_add(1);
        let (count, is_array) = shape(table)?;
        if is_array {
            self.head(count, 0x90, 16, [None, Some(0xDC), Some(0xDD)]);
            for place in 1..=count {
                self.item(&table.raw_get(place)?, depth)?;
            }
            return Ok(());
        }
        self.head(count, 0x80, 16, [None, Some(0xDE), Some(0xDF)]);
        table.for_each(|key: Item, value: Item| {
            self.item(&key, depth)?;
            self.item(&value, depth)
        })
    }
}

/// How many keys there are, and whether they are the numbers from 1 on.
fn shape(table: &Table) -> mlua::Result<(usize, bool)> {
    let (mut count, mut max, mut is_array) = (0_usize, 0.0, true);
    table.for_each(|key: Item, _: Skip| {
        count = count.saturating_add(1);
        match key {
            Either::Right(number)
                if number >= 1.0 && number <= f64::from(i32::MAX) && number.fract() == 0.0 =>
            {
                max = f64::max(max, number);
            }
            _ => is_array = false,
        }
        Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "a table has fewer keys than that")]
    let is_array = is_array && count as f64 == max;
    Ok((count, is_array))
}
