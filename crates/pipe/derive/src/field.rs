//! One field of a model: what it is for, and what it is called in the hash.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::{Error, Expr, GenericArgument, Ident, PathArguments, Result, Type, Visibility};

use crate::options::FieldOptions;

/// One field of a model.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    /// What is stored: of an `Option<T>` it is `T`.
    pub(crate) stored: &'a Type,
    /// What the field is called in the hash.
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// What a field is for.
pub(crate) enum Role {
    /// Names the record; not stored in the hash.
    Key,
    /// Counts the writes.
    Version,
    /// Takes all fields of the hash that are not declared.
    Extra,
    /// Always there.
    Required,
    /// An `Option`.
    Optional,
    /// What is not stored is this value, or the type's default.
    Default(Option<Expr>),
}

impl<'a> Field<'a> {
    pub(crate) fn parse(field: &'a syn::Field) -> Result<Self> {
        let ident = field.ident.as_ref().ok_or_else(|| Error::new_spanned(field, "a field needs a name"))?;
        let options = FieldOptions::parse(&field.attrs)?;
        let optional = inside_option(&field.ty);
        let name = options.name.as_ref().map_or_else(|| ident.unraw().to_string(), syn::LitStr::value);
        let role = role(options, &field.ty, optional.is_some())?;
        let stored = optional.unwrap_or(&field.ty);
        Ok(Self { ident, visibility: &field.vis, stored, name, role })
    }

    /// The name of the field's constant.
    pub(crate) fn constant(&self) -> Ident {
        let name = self.ident.unraw().to_string().to_uppercase();
        Ident::new(&name, self.ident.span())
    }

    pub(crate) fn span(&self) -> Span {
        self.ident.span()
    }

    /// Whether the field stands in the hash under a name of its own.
    pub(crate) const fn is_stored(&self) -> bool {
        !matches!(self.role, Role::Key | Role::Extra)
    }
}

fn role(options: FieldOptions, of: &Type, is_option: bool) -> Result<Role> {
    let FieldOptions { key, version, extra, default, name } = options;
    let mut roles = [
        key.map(|word| (word, Role::Key)),
        version.map(|word| (word, Role::Version)),
        extra.map(|word| (word, Role::Extra)),
        default.map(|default| (default.word, Role::Default(default.value))),
    ]
    .into_iter()
    .flatten();
    let Some((word, role)) = roles.next() else {
        return Ok(if is_option { Role::Optional } else { Role::Required });
    };
    let fault = match (&role, roles.next()) {
        (_, Some((other, _))) => format!("a field cannot be both `{word}` and `{other}`"),
        (Role::Version, None) if !is_u64(of) => "the version is a `u64`".to_owned(),
        (Role::Key | Role::Extra, None) if name.is_some() => {
            format!("a field that is `{word}` has no name in the hash")
        }
        (Role::Key | Role::Default(_), None) if is_option => {
            format!("an `Option` cannot be `{word}`: what is not there is `None`")
        }
        _ => return Ok(role),
    };
    Err(Error::new(word.span(), fault))
}

/// The `T` of an `Option<T>`. It goes by the name, for a macro sees no types.
fn inside_option(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    if let GenericArgument::Type(inside) = arguments.args.first()? { Some(inside) } else { None }
}

fn is_u64(of: &Type) -> bool {
    matches!(of, Type::Path(path) if path.path.is_ident("u64"))
}
