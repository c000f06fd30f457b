//! Executes `fields.md`, so that the table of the wire format cannot be wrong.

use std::fmt::Debug;

use redfleet_pipe::{Ascii, Field, StringList};
use serde_json::Value;

use crate::encoded;

const PAGE: &str = include_str!("../../fields.md");

/// The rows of the table whose last column has this title.
fn rows(last_column: &str) -> Vec<[String; 3]> {
    let title = format!("| {last_column} |");
    let lines = PAGE.lines().skip_while(|line| !line.ends_with(&title)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|')).map(|line| {
        let cells = line.trim_matches('|').split(" | ").map(cell);
        let cells: Vec<_> = cells.collect();
        cells.try_into().expect("three cells")
    });
    rows.collect()
}

/// What stands in a cell's code span.
fn cell(text: &str) -> String {
    let text = text.trim_matches(' ');
    if text == "(nothing)" { String::new() } else { text.trim_matches('`').to_owned() }
}

/// A stored value as the page writes it: text, with `\xNN` for bytes that are none.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split(r"\x");
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (byte, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(byte, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

/// One type of the table: how its values are written on the page.
struct Checker<F>(fn(&str) -> F);

impl<F: Field + Debug + PartialEq> Checker<F> {
    fn writes(&self, value: &str, stored: &str) {
        let (value, stored) = (self.0(value), bytes(stored));
        assert_eq!(encoded(&value).unwrap(), stored, "{value:?}");
        assert_eq!(F::decode(&stored).unwrap(), value);
    }

    fn reads(&self, stored: &str, read: &str) {
        let found = F::decode(&bytes(stored));
        match found {
            Err(error) => assert_eq!(error.to_string(), read, "{stored}"),
            Ok(value) => assert_eq!(value, self.0(read), "{stored}"),
        }
    }

    fn run(&self, column: &str, left: &str, right: &str) {
        if column == "stored" { self.writes(left, right) } else { self.reads(left, right) }
    }
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn number<T: std::str::FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn check(column: &str, [of, left, right]: &[String; 3]) {
    match of.as_str() {
        "i8" => Checker(number::<i8>).run(column, left, right),
        "i64" => Checker(number::<i64>).run(column, left, right),
        "u64" => Checker(number::<u64>).run(column, left, right),
        "f32" => Checker(number::<f32>).run(column, left, right),
        "f64" => Checker(number::<f64>).run(column, left, right),
        "bool" => Checker(number::<bool>).run(column, left, right),
        "String" => Checker(json::<String>).run(column, left, right),
        "Ascii" => Checker(|text| Ascii(json(text))).run(column, left, right),
        "Vec<u8>" => Checker(json::<Vec<u8>>).run(column, left, right),
        "[u8; 4]" => Checker(json::<[u8; 4]>).run(column, left, right),
        "StringList" => Checker(|text| StringList(json(text))).run(column, left, right),
        #[cfg(feature = "json")]
        "Json<Vec<i64>>" => {
            Checker(|text| redfleet_pipe::Json(json::<Vec<i64>>(text))).run(column, left, right);
        }
        #[cfg(feature = "json")]
        "Json<BTreeMap<String, bool>>" => {
            type Flags = std::collections::BTreeMap<String, bool>;
            Checker(|text| redfleet_pipe::Json(json::<Flags>(text))).run(column, left, right);
        }
        other => assert!(other.starts_with("Json<") && !cfg!(feature = "json"), "no checker of {other}"),
    }
}

#[test]
fn every_value_of_the_table_is_written_and_read_back_as_it_says() {
    let rows = rows("stored");
    assert!(rows.len() > 20, "{}", rows.len());
    rows.iter().for_each(|row| check("stored", row));
}

#[test]
fn every_stored_value_of_the_table_is_read_or_refused_as_it_says() {
    let rows = rows("read");
    assert!(rows.len() > 30, "{}", rows.len());
    rows.iter().for_each(|row| check("read", row));
}

#[test]
fn a_page_that_is_wrong_would_be_noticed() {
    let wrong = ["bool", "true", "yes"].map(str::to_owned);
    std::panic::catch_unwind(|| check("stored", &wrong)).unwrap_err();
    assert!(json::<Value>("[1]").is_array() && bytes(r"a\x00") == b"a\0");
}
