//! What candidates read, as bit masks over the names of attributes, so that a union is one instruction.

use crate::cedar::reads::Reads;
use crate::cedar::{Body, carried};

/// Names of attributes and parts of the context that policies of a set read. Beyond the width of a mask a policy
/// counts as reading everything.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) attributes: Vec<Column>,
    pub(crate) context: Vec<String>,
}

/// The name of an attribute.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The name under which the context carries it for the principal.
    pub(crate) of_principal: String,
    /// The same for the resource.
    pub(crate) of_resource: String,
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        let [of_principal, of_resource] =
            [carried::PRINCIPAL, carried::RESOURCE].map(|prefix| format!("{prefix}{name}"));
        Self { name: name.to_owned(), of_principal, of_resource }
    }
}

impl AsRef<str> for Column {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

/// What one policy reads, or several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one bit of a union, and none excludes another")]
pub(crate) struct Masks {
    pub(crate) principal: u128,
    pub(crate) resource: u128,
    pub(crate) context: u128,
    pub(crate) principal_in: bool,
    pub(crate) resource_in: bool,
    pub(crate) action: bool,
    /// Everything: all attributes, ancestors and tags, the whole context, and all entities that can be reached.
    pub(crate) deep: bool,
    pub(crate) context_whole: bool,
    /// Entities: the context cannot carry what is read.
    pub(crate) entities: bool,
    /// Principal, action or resource themselves.
    pub(crate) parties: bool,
}

impl Masks {
    pub(crate) const EVERYTHING: Self = Self {
        principal: u128::MAX,
        resource: u128::MAX,
        context: u128::MAX,
        principal_in: true,
        resource_in: true,
        action: true,
        deep: true,
        context_whole: true,
        entities: true,
        parties: true,
    };

    pub(crate) const fn union(self, other: Self) -> Self {
        Self {
            principal: self.principal | other.principal,
            resource: self.resource | other.resource,
            context: self.context | other.context,
            principal_in: self.principal_in | other.principal_in,
            resource_in: self.resource_in | other.resource_in,
            action: self.action | other.action,
            deep: self.deep | other.deep,
            context_whole: self.context_whole | other.context_whole,
            entities: self.entities | other.entities,
            parties: self.parties | other.parties,
        }
    }
}

impl Columns {
    /// What a policy reads whose body is, where that can be, a carried one.
    pub(crate) fn masks(&mut self, reads: &Reads, carried: Option<&Body>) -> Masks {
        let principal = mask(&mut self.attributes, &reads.principal);
        let resource = mask(&mut self.attributes, &reads.resource);
        let context = mask(&mut self.context, &reads.context);
        let (Some(principal), Some(resource), Some(context)) = (principal, resource, context) else {
            return Masks::EVERYTHING;
        };
        Masks {
            principal,
            resource,
            context,
            principal_in: reads.principal_in,
            resource_in: reads.resource_in,
            action: reads.action,
            deep: reads.deep,
            context_whole: reads.context_whole,
            entities: carried.is_none(),
            parties: carried.is_none_or(Body::names_parties),
        }
    }
}

fn mask<T: for<'a> From<&'a str> + AsRef<str>>(columns: &mut Vec<T>, names: &[String]) -> Option<u128> {
    names.iter().try_fold(0, |mask, name| {
        let column = columns.iter().position(|column| column.as_ref() == name).unwrap_or_else(|| {
            columns.push(T::from(name));
            columns.len() - 1
        });
        1_u128.checked_shl(u32::try_from(column).ok()?).map(|bit| mask | bit)
    })
}

/// The columns that a mask selects.
pub(crate) fn selected<T>(columns: &[T], mask: u128) -> impl Iterator<Item = &T> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        let column = rest.trailing_zeros();
        rest &= rest.checked_sub(1)?;
        columns.get(column as usize)
    })
}
