//! How `cjson` reads and writes, and the functions that set it.

use mlua::{IntoLuaMulti, Lua, MultiValue, Value};

use super::super::super::arguments::Arguments;

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Whether an array with too many holes becomes an object, instead of an error.
    pub(super) sparse_convert: bool,
    /// How many times its items an array may be long; 0 for any.
    pub(super) sparse_ratio: i32,
    /// Up to this length, holes do not matter.
    pub(super) sparse_safe: i32,
    pub(super) encode_max_depth: i32,
    pub(super) decode_max_depth: i32,
    /// Digits of a number.
    pub(super) precision: i32,
    /// Changes nothing here.
    keep_buffer: bool,
    pub(super) encode_invalid: Invalid,
    /// Whether infinities, NaN, hexadecimal and leading zeros are read.
    pub(super) decode_invalid: bool,
}

/// What becomes of infinities and NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    Refused,
    AsIs,
    Null,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_max_depth: 1000,
            decode_max_depth: 1000,
            precision: 14,
            keep_buffer: true,
            encode_invalid: Invalid::Refused,
            decode_invalid: true,
        }
    }
}

impl Settings {
    pub(super) fn encode_sparse_array(
        &mut self,
        lua: &Lua,
        given: &Arguments<'_>,
    ) -> mlua::Result<MultiValue> {
        at_most(given, 3)?;
        switch(given, &mut self.sparse_convert)?;
        integer(given, 2, &mut self.sparse_ratio, 0, i32::MAX)?;
        integer(given, 3, &mut self.sparse_safe, 0, i32::MAX)?;
        (self.sparse_convert, self.sparse_ratio, self.sparse_safe).into_lua_multi(lua)
    }

    pub(super) fn encode_max_depth(&mut self, lua: &Lua, given: &Arguments<'_>) -> mlua::Result<MultiValue> {
        at_most(given, 1)?;
        integer(given, 1, &mut self.encode_max_depth, 1, i32::MAX)?;
        self.encode_max_depth.into_lua_multi(lua)
    }

    pub(super) fn decode_max_depth(&mut self, lua: &Lua, given: &Arguments<'_>) -> mlua::Result<MultiValue> {
        at_most(given, 1)?;
        integer(given, 1, &mut self.decode_max_depth, 1, i32::MAX)?;
        self.decode_max_depth.into_lua_multi(lua)
    }

    pub(super) fn encode_number_precision(
        &mut self,
        lua: &Lua,
        given: &Arguments<'_>,
    ) -> mlua::Result<MultiValue> {
        at_most(given, 1)?;
        integer(given, 1, &mut self.precision, 1, 14)?;
        self.precision.into_lua_multi(lua)
    }

    pub(super) fn encode_keep_buffer(
        &mut self,
        lua: &Lua,
        given: &Arguments<'_>,
    ) -> mlua::Result<MultiValue> {
        at_most(given, 1)?;
        switch(given, &mut self.keep_buffer)?;
        self.keep_buffer.into_lua_multi(lua)
    }

    pub(super) fn encode_invalid_numbers(
        &mut self,
        lua: &Lua,
        given: &Arguments<'_>,
    ) -> mlua::Result<MultiValue> {
        at_most(given, 1)?;
        if let Some(choice) = choice(given, &["off", "on", "null"])? {
            self.encode_invalid = match choice {
                0 => Invalid::Refused,
                1 => Invalid::AsIs,
                _ => Invalid::Null,
            };
        }
        match self.encode_invalid {
            Invalid::Null => "null".into_lua_multi(lua),
            other => (other == Invalid::AsIs).into_lua_multi(lua),
        }
    }

    pub(super) fn decode_invalid_numbers(
        &mut self,
        lua: &Lua,
        given: &Arguments<'_>,
    ) -> mlua::Result<MultiValue> {
        at_most(given, 1)?;
        switch(given, &mut self.decode_invalid)?;
        self.decode_invalid.into_lua_multi(lua)
    }
}

fn at_most(given: &Arguments<'_>, count: usize) -> mlua::Result<()> {
    if given.count() <= count {
        Ok(())
    } else {
        Err(given.refuse(count.saturating_add(1), "found too many arguments"))
    }
}

/// What the first argument chooses: nothing if it is nil, the first or second if it is `false` or `true`.
fn choice(given: &Arguments<'_>, options: &[&str]) -> mlua::Result<Option<usize>> {
    if given.is_none_or_nil(1) {
        return Ok(None);
    }
    if let Some(mlua::Either::Left(super::super::super::words::Other(Value::Boolean(truth)))) = given.get(1) {
        return Ok(Some(usize::from(*truth)));
    }
    let word = given.string(1)?;
    let word = word.to_string_lossy();
    let chosen = options.iter().position(|option| *option == word);
    chosen.map(Some).ok_or_else(|| given.refuse(1, &format!("invalid option '{word}'")))
}

fn switch(given: &Arguments<'_>, setting: &mut bool) -> mlua::Result<()> {
    if let Some(choice) = choice(given, &["off", "on"])? {
        *setting = choice == 1;
    }
    Ok(())
}

/// What is out of range is blamed on the first argument, wherever it stands.
fn integer(given: &Arguments<'_>, number: usize, setting: &mut i32, min: i32, max: i32) -> mlua::Result<()> {
    if given.is_none_or_nil(number) {
        return Ok(());
    }
    let value = i32::try_from(given.integer(number)?).ok().filter(|value| (min..=max).contains(value));
    *setting = value.ok_or_else(|| given.refuse(1, &format!("expected integer between {min} and {max}")))?;
    Ok(())
}
