//! What the derive says of a struct, and what goes in and comes out.

use std::collections::BTreeMap;

use redfleet_pipe::{Deferred, Model, Pipes, Resolve};

use crate::{Note, User, execute, map, pipes, stored, user};

#[test]
fn a_model_says_what_it_is() {
    assert_eq!((User::KEYSPACE, User::CONNECTION, User::TTL_MS), ("U", Some("users"), Some(30_000)));
    assert_eq!((<User as Model>::KEY_NAME, User::VERSION_NAME), ("id", Some("version")));
    assert_eq!((Note::KEYSPACE, Note::CONNECTION, Note::TTL_MS), ("Note", None, None));
    let fields: Vec<_> = User::FIELDS.iter().map(|field| (field.name(), field.is_required())).collect();
    let expected = [("name", true), ("admin", false), ("last_seen", false), ("n", false), ("version", false)];
    assert_eq!(fields, expected);
    assert_eq!((User::VISITS.name(), format!("{:?}", User::VISITS)), ("n", "Attribute(\"U.n\")".to_owned()));
}

#[tokio::test]
async fn a_record_is_a_hash_and_comes_back_as_it_was() {
    let pipes = pipes("back");
    let bob = User {
        admin: true,
        last_seen: Some(-5),
        visits: Some(7),
        others: BTreeMap::from([("shoe".to_owned(), b"43\xff".to_vec())]),
        ..user("Bob")
    };
    let (created, loaded) = pipes.run(|p| (bob.create(p), User::load(p, "1"))).await.unwrap();
    assert!(created);
    assert_eq!(loaded, Some(User { version: 1, ..bob }));
    let hash: BTreeMap<String, Vec<u8>> = pipes.run(|p| p.on("users").hgetall("U{1}")).await.unwrap();
    assert!(hash.keys().eq(["admin", "last_seen", "n", "name", "shoe", "version"]));
}

#[tokio::test]
async fn what_is_not_there_is_none_or_the_default() {
    let pipes = pipes("absent");
    let none = pipes.run(|p| (User::load(p, "1"), User::load_declared(p, "1"), Note::load(p, 1))).await;
    assert_eq!(none.unwrap(), (None, None, None));

    #[derive(Model, Clone, Debug, PartialEq)]
    struct Settings {
        #[model(key)]
        id: u8,
        #[model(default = 3)]
        level: i64,
        #[model(default)]
        r#type: String,
        theme: String,
    }
    let (_, loaded) =
        pipes.run(|p| (p.hset("Settings{9}", "theme", "dark"), Settings::load(p, 9))).await.unwrap();
    assert_eq!(loaded, Some(Settings { id: 9, level: 3, r#type: String::new(), theme: "dark".into() }));
    assert_eq!(Settings::TYPE.name(), "type");
}

#[tokio::test]
async fn some_fields_are_loaded_alone() {
    let pipes = pipes("some");
    let bob = User { visits: Some(7), ..user("Bob") };
    let (_, name, pair, nested) = pipes
        .run(|p| {
            let created = bob.create(p);
            let name = User::load_fields(p, "1", User::NAME);
            let pair = User::load_fields(p, "1", (User::VISITS, User::LAST_SEEN));
            (created, name, pair, User::load_fields(p, "1", ((User::ADMIN, User::VERSION), User::NAME)))
        })
        .await
        .unwrap();
    assert_eq!((name.as_deref(), pair), (Some("Bob"), (Some(7), None)));
    assert_eq!(nested, ((Some(false), Some(1)), Some("Bob".to_owned())));
}

#[tokio::test]
async fn many_are_loaded_each_with_its_own_error() {
    let pipes = pipes("many");
    let mut p = pipes.pipe();
    Note { id: 1, stars: Some(5), ..Note::default() }.save(&mut p);
    p.hset("Note{2}", "stars", "many");
    let notes = Note::load_many(&mut p, [1, 2, 3]);
    assert_eq!(execute(&mut p).await, 0);
    let notes: Vec<_> = notes.into_iter().map(Deferred::take).collect();
    assert_eq!(notes[0].as_ref().unwrap().as_ref().unwrap().stars, Some(5));
    assert_eq!(notes[1].as_ref().unwrap_err().to_string(), "Note.stars: not an int (i64)");
    assert_eq!(notes[2].as_ref().unwrap(), &None);
}

#[tokio::test]
async fn a_required_field_that_is_not_stored_is_an_error_that_says_which() {
    let pipes = pipes("lacking");
    let mut p = pipes.pipe();
    p.on("users").hset("U{1}", "n", 5);
    let (whole, part) = (User::load(&mut p, "1"), User::load_fields(&mut p, "1", (User::NAME, User::VISITS)));
    assert_eq!(execute(&mut p).await, 0);
    assert_eq!(whole.take().unwrap_err().to_string(), "U.name: required, but not there");
    assert_eq!(part.take().unwrap(), (None, Some(5)));
}

#[tokio::test]
async fn a_struct_of_deferreds_becomes_a_struct_of_values() {
    #[derive(Resolve)]
    #[resolve(into = Page)]
    struct PageInFlight {
        owner: Deferred<Option<Note>>,
        visits: Deferred<i64>,
    }
    #[derive(Debug, PartialEq)]
    struct Page {
        owner: Option<Note>,
        visits: i64,
    }
    let pipes = Pipes::connect("embedded://models-page").unwrap();
    let page =
        pipes.run(|p| PageInFlight { owner: Note::load(p, 1), visits: p.incr("visits", 2) }).await.unwrap();
    assert_eq!(page, Page { owner: None, visits: 2 });
}

#[tokio::test]
async fn a_key_is_any_field_and_stands_in_braces() {
    #[derive(Model, Clone, Debug, PartialEq)]
    #[model(keyspace = "bin")]
    struct Binary {
        #[model(key)]
        id: Vec<u8>,
        text: Option<String>,
    }
    let pipes = pipes("keys");
    let odd = Binary { id: b"a}{\xff".to_vec(), text: Some("x".into()) };
    let empty = Binary { id: Vec::new(), text: Some("y".into()) };
    let (_, _, first, second) = pipes
        .run(|p| (odd.save(p), empty.save(p), Binary::load(p, &odd.id), Binary::load(p, b"")))
        .await
        .unwrap();
    assert_eq!((first, second), (Some(odd), Some(empty)));
    assert_eq!(stored(&pipes, "default", "bin{}").await, map([("text", "y")]));
}

#[tokio::test]
async fn an_ill_key_or_value_has_the_pipe_refused() {
    use redfleet_pipe::Ascii;

    #[derive(Model)]
    struct Tag {
        #[model(key)]
        id: Ascii,
        label: Option<Ascii>,
    }
    let pipes = pipes("ill");
    let bad = Ascii::from("\n");
    let error = pipes.run(|p| (p.incr("n", 1), Tag::load(p, &bad))).await.err().unwrap();
    assert_eq!(error.to_string(), "Tag: not ascii");
    let tag = Tag { id: "a".into(), label: Some(bad.clone()) };
    let error = pipes.run(|p| (p.incr("n", 1), tag.save(p))).await.err().unwrap();
    assert_eq!(error.to_string(), "Tag.label: not ascii");
    let error = pipes
        .run(|p| (p.incr("n", 1), Tag::patch(&tag.id).set(Tag::LABEL, bad).send(p)))
        .await
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "Tag.label: not ascii");
    assert_eq!(pipes.run(|p| p.get::<i64>("n")).await.unwrap(), None, "nothing was sent");
}

#[cfg(feature = "json")]
#[tokio::test]
async fn a_model_holds_every_kind_of_field_and_ones_of_its_own() {
    use redfleet_pipe::{Ascii, Field, InvalidValue, Json, StringList};

    #[derive(Clone, Debug, PartialEq)]
    struct Even(u32);

    impl Field for Even {
        fn encode(&self, out: &mut Vec<u8>) -> Result<(), InvalidValue> {
            if self.0.is_multiple_of(2) { self.0.encode(out) } else { Err(InvalidValue::not("even")) }
        }

        fn decode(bytes: &[u8]) -> Result<Self, InvalidValue> {
            let number = u32::decode(bytes)?;
            if number.is_multiple_of(2) { Ok(Self(number)) } else { Err(InvalidValue::not("even")) }
        }
    }

    #[derive(Model, Clone, Debug, PartialEq)]
    struct All {
        #[model(key)]
        id: [u8; 4],
        tags: StringList,
        code: Ascii,
        prefs: Json<BTreeMap<String, Vec<i64>>>,
        number: Option<Even>,
    }

    let pipes = pipes("kinds");
    let prefs = Json(BTreeMap::from([("a".to_owned(), vec![1, 2])]));
    let tags = StringList::from(["x", "y,z"]);
    let all = All { id: *b"\0\xff}{", tags, code: "A-1".into(), prefs, number: Some(Even(4)) };
    let (_, loaded) = pipes.run(|p| (all.save(p), All::load(p, all.id))).await.unwrap();
    assert_eq!(loaded.as_ref(), Some(&all));
    let odd = All { number: Some(Even(3)), ..all };
    let error = pipes.run(|p| odd.save(p)).await.err().unwrap();
    assert_eq!(error.to_string(), "All.number: not even");
}
