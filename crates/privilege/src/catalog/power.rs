//! What a permission gives to whoever holds it: four steps, which blast radius and efficiency weigh.

use super::{Access, Catalog, CatalogError, PermissionId};
use crate::pattern::Pattern;

/// What a permission gives to whoever holds it, the most first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Power {
    /// To take or hand out rights, or to act as somebody else.
    Control,
    /// To change or delete.
    Write,
    /// To read data or secrets.
    Data,
    /// To list, and to read how things are set up.
    Metadata,
}

impl Power {
    /// All of them, the most first.
    pub const ALL: [Self; 4] = [Self::Control, Self::Write, Self::Data, Self::Metadata];

    /// How much it weighs, in tenths.
    #[must_use]
    pub fn tenths(self) -> u16 {
        match self {
            Self::Control => 10,
            Self::Write => 6,
            Self::Data => 4,
            Self::Metadata => 1,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Write => "write",
            Self::Data => "data",
            Self::Metadata => "metadata",
        }
    }

    /// What follows from AWS's access level alone.
    fn of(access: Access) -> Self {
        match access {
            Access::Permissions => Self::Control,
            Access::Write | Access::Tagging => Self::Write,
            Access::Read | Access::List => Self::Metadata,
        }
    }
}

const HEADER: &str = "doorward power 1";

/// The power of each permission of the catalog.
pub(super) fn read(text: &str, catalog: &Catalog) -> Result<Vec<Power>, CatalogError> {
    let mut powers: Vec<Power> = catalog.ids().map(|id| Power::of(catalog.access(id))).collect();
    if text.lines().next() != Some(HEADER) {
        return Err(CatalogError {
            line: 1,
            what: "this is no table of powers that is known".to_owned(),
            mend: format!("it begins with the line `{HEADER}`"),
        });
    }
    for (number, line) in text.lines().enumerate().skip(1) {
        let mut words = line.split_whitespace();
        let Some(word) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let power = Power::ALL.into_iter().find(|power| power.word() == word);
        let power = power.ok_or_else(|| CatalogError {
            line: number + 1,
            what: format!("`{word}` is no power"),
            mend: "write control, write, data or metadata".to_owned(),
        })?;
        for pattern in words {
            let matched = catalog.matching(&Pattern::of_permission(pattern));
            if matched.is_empty() {
                return Err(unmatched(number + 1, pattern, catalog));
            }
            for PermissionId(place) in matched.iter() {
                if let Some(entry) = powers.get_mut(usize::from(place)) {
                    *entry = power;
                }
            }
        }
    }
    Ok(powers)
}

fn unmatched(line: usize, pattern: &str, catalog: &Catalog) -> CatalogError {
    let mend = match catalog.nearest(pattern, 1).first() {
        Some(nearest) => format!("leave it out, or is {} meant", catalog.name(*nearest)),
        None => "leave it out".to_owned(),
    };
    CatalogError { line, what: format!("{pattern} matches no permission of the list"), mend }
}
