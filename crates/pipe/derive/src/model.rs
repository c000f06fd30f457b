//! What a derived model is made of, checked as a whole.

use std::collections::BTreeMap;

use syn::{Data, DeriveInput, Error, Fields, Ident, Result};

use crate::field::{Field, Role};
use crate::options::ModelOptions;

/// A struct that is to be a model.
pub(crate) struct Model<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) options: ModelOptions,
    pub(crate) fields: Vec<Field<'a>>,
}

impl<'a> Model<'a> {
    pub(crate) fn parse(input: &'a DeriveInput) -> Result<Self> {
        let fields = named(input, "Model")?;
        let options = ModelOptions::parse(&input.attrs)?;
        let fields = fields.named.iter().map(Field::parse).collect::<Result<Vec<_>>>()?;
        let model = Self { ident: &input.ident, options, fields };
        model.check()?;
        Ok(model)
    }

    /// The key's field. There is one: `parse` saw to it.
    pub(crate) fn key(&self) -> Option<&Field<'a>> {
        self.with_role(|role| matches!(role, Role::Key)).next()
    }

    pub(crate) fn with_role(&self, is_it: impl Fn(&Role) -> bool) -> impl Iterator<Item = &Field<'a>> {
        self.fields.iter().filter(move |field| is_it(&field.role))
    }

    pub(crate) fn keyspace(&self) -> String {
        self.options.keyspace.as_ref().map_or_else(|| self.ident.to_string(), syn::LitStr::value)
    }

    fn check(&self) -> Result<()> {
        if self.key().is_none() {
            let text = "a model needs a key: say `#[model(key)]` above the field that names the record";
            return Err(Error::new(self.ident.span(), text));
        }
        self.at_most_one("key", |role| matches!(role, Role::Key))?;
        self.at_most_one("version", |role| matches!(role, Role::Version))?;
        self.at_most_one("extra", |role| matches!(role, Role::Extra))?;
        let mut names = BTreeMap::new();
        for field in self.fields.iter().filter(|field| field.is_stored()) {
            if let Some(other) = names.insert(&field.name, field.ident) {
                let text = format!("`{other}` is called `{}` in the hash already", field.name);
                return Err(Error::new(field.span(), text));
            }
        }
        Ok(())
    }

    fn at_most_one(&self, word: &str, is_it: impl Fn(&Role) -> bool) -> Result<()> {
        match self.with_role(is_it).nth(1) {
            None => Ok(()),
            Some(second) => Err(Error::new(second.span(), format!("a second `{word}`: a model has one"))),
        }
    }
}

/// The fields of a struct that has named ones and no parameters.
pub(crate) fn named<'a>(input: &'a DeriveInput, what: &str) -> Result<&'a syn::FieldsNamed> {
    if !input.generics.params.is_empty() {
        let text = format!("`{what}` cannot be derived for a struct with parameters");
        return Err(Error::new_spanned(&input.generics, text));
    }
    if let Data::Struct(data) = &input.data
        && let Fields::Named(fields) = &data.fields
    {
        return Ok(fields);
    }
    Err(Error::new(input.ident.span(), format!("`{what}` can be derived for a struct with named fields")))
}
