//! Several fields of a model at once: tuples of attributes.

use super::attribute::{Attribute, Optional};
use super::row::Row;
use crate::field::InvalidValue;

/// Fields of the model `M` to be loaded: an attribute, or a tuple of up to twelve.
pub trait Selection<M>: Copy + Send + Sync + 'static {
    /// What is found: an `Option` for each field, in a tuple as the selection is.
    type Values: 'static;

    /// Adds the fields' names.
    fn names(self, names: &mut Vec<&'static str>);

    /// Takes the values out.
    ///
    /// # Errors
    ///
    /// If a value is not of its field's type.
    fn read(self, row: &mut Row) -> Result<Self::Values, InvalidValue>;
}

/// Fields of the model `M` that may be removed: a selection of none but [`Optional`] ones.
#[diagnostic::on_unimplemented(
    message = "a required field cannot be removed, and a version neither",
    label = "not all of these are optional"
)]
pub trait Removal<M>: Selection<M> {}

impl<M: 'static, T: 'static, K: 'static> Selection<M> for Attribute<M, T, K> {
    type Values = Option<T>;

    fn names(self, names: &mut Vec<&'static str>) {
        names.push(self.name());
    }

    fn read(self, row: &mut Row) -> Result<Option<T>, InvalidValue> {
        row.take(self)
    }
}

impl<M: 'static, T: 'static> Removal<M> for Attribute<M, T, Optional> {}

/// Tuples of up to twelve, as the standard library goes.
macro_rules! tuples {
    ($(($($name:ident)+))+) => {$(
        impl<Model, $($name: Selection<Model>),+> Selection<Model> for ($($name,)+) {
            type Values = ($($name::Values,)+);

            fn names(self, names: &mut Vec<&'static str>) {
                #[expect(non_snake_case, reason = "a type's name serves for its value")]
                let ($($name,)+) = self;
                $($name.names(names);)+
            }

            fn read(self, row: &mut Row) -> Result<Self::Values, InvalidValue> {
                #[expect(non_snake_case, reason = "a type's name serves for its value")]
                let ($($name,)+) = self;
                Ok(($($name.read(row)?,)+))
            }
        }

        impl<Model, $($name: Removal<Model>),+> Removal<Model> for ($($name,)+) {}
    )+};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
