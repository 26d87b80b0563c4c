//! At which level each permission is: what it gives to whoever holds it.

use super::{Access, Catalog, CatalogError, PermissionId};
use crate::level::Level;
use crate::pattern::Pattern;

/// What follows from AWS's access level alone.
fn of(access: Access) -> Level {
    match access {
        Access::Permissions => Level::Control,
        Access::Write | Access::Tagging => Level::Write,
        Access::Read | Access::List => Level::List,
    }
}

const HEADER: &str = "doorward levels 1";

/// The level of each permission of the catalog.
pub(super) fn read(text: &str, catalog: &Catalog) -> Result<Vec<Level>, CatalogError> {
    let mut levels: Vec<Level> = catalog.ids().map(|id| of(catalog.access(id))).collect();
    if text.lines().next() != Some(HEADER) {
        return Err(CatalogError {
            line: 1,
            what: "this is no table of levels that is known".to_owned(),
            mend: format!("it begins with the line `{HEADER}`"),
        });
    }
    for (number, line) in text.lines().enumerate().skip(1) {
        let mut words = line.split_whitespace();
        let Some(word) = words.next().filter(|word| !word.starts_with('#')) else { continue };
        let level = Level::ALL.into_iter().find(|level| level.word() == word);
        let level = level.ok_or_else(|| CatalogError {
            line: number + 1,
            what: format!("`{word}` is no level"),
            mend: "write control, write, read or list".to_owned(),
        })?;
        for pattern in words {
            let matched = catalog.matching(&Pattern::of_permission(pattern));
            if matched.is_empty() {
                return Err(unmatched(number + 1, pattern, catalog));
            }
            for PermissionId(place) in matched.iter() {
                if let Some(entry) = levels.get_mut(usize::from(place)) {
                    *entry = level;
                }
            }
        }
    }
    Ok(levels)
}

fn unmatched(line: usize, pattern: &str, catalog: &Catalog) -> CatalogError {
    let mend = match catalog.nearest(pattern, 1).first() {
        Some(nearest) => format!("leave it out, or is {} meant", catalog.name(*nearest)),
        None => "leave it out".to_owned(),
    };
    CatalogError { line, what: format!("{pattern} matches no permission of the list"), mend }
}
