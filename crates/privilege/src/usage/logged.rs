//! Which events show the use of which permission, and whether they are recorded at all: data, below
//! `rules/aws/permissions/`.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, CatalogError, PermissionId};
use crate::pattern::Pattern;

/// Whether the use of a permission is recorded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Logged {
    /// By management events, which every trail records.
    Management,
    /// By data events, or others that a trail records only if it is told to.
    Data,
    /// By no event that would show it.
    Never,
}

impl Logged {
    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Data => "data",
            Self::Never => "never",
        }
    }
}

/// Which events show the use of permissions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// By the place of the permission.
    logged: Vec<Logged>,
    /// What is recorded like a call that reads, whatever it does.
    reads: BTreeSet<PermissionId>,
    /// Calls that are not named like what they need, in lower case.
    calls: BTreeMap<String, Vec<PermissionId>>,
}

impl Table {
    /// The tables that are part of the program.
    ///
    /// # Errors
    /// Never, as a test shows; an error and not a panic all the same.
    pub fn shipped(catalog: &Catalog) -> Result<Self, CatalogError> {
        let logged = include_str!("../../../../rules/aws/permissions/logged.txt");
        let unnamed = include_str!("../../../../rules/aws/permissions/unnamed.txt");
        Self::read((logged, unnamed), catalog)
    }

    /// Reads what is logged how, and which permissions no call is named after.
    ///
    /// # Errors
    /// When a line is not understood, or names what the catalog does not know.
    pub fn read((logged, unnamed): (&str, &str), catalog: &Catalog) -> Result<Self, CatalogError> {
        let logged_all = vec![Logged::Management; catalog.len()];
        let mut table = Self { logged: logged_all, reads: BTreeSet::new(), calls: BTreeMap::new() };
        for (number, line) in lines(unnamed, UNNAMED)? {
            let (service, names) = line.split_once(' ').unwrap_or((line, ""));
            for name in names.split(' ') {
                let permission = find(catalog, &format!("{service}:{name}"), number)?;
                table.set(permission, Logged::Never);
            }
        }
        // Calls first: by them more is seen.
        let said: Vec<(usize, &str)> = lines(logged, LOGGED)?.collect();
        let calls = said.iter().filter_map(|(number, line)| Some((*number, line.strip_prefix("event ")?)));
        for (number, names) in calls {
            table.call(names, number, catalog)?;
        }
        for (number, line) in said {
            match line.split_once(' ') {
                Some(("data", patterns)) => table.data(patterns, number, catalog)?,
                Some(("reads", name)) => drop(table.reads.insert(find(catalog, name, number)?)),
                Some(("event", _)) => {}
                _ => {
                    return Err(CatalogError {
                        line: number,
                        what: format!("`{line}` says nothing that is known"),
                        mend: "begin it with `data`, `reads` or `event`".to_owned(),
                    });
                }
            }
        }
        Ok(table)
    }

    /// Whether the use of a permission is recorded.
    #[must_use]
    pub fn logged(&self, permission: PermissionId) -> Logged {
        self.logged.get(usize::from(permission.0)).copied().unwrap_or(Logged::Never)
    }

    /// Whether a call is recorded like one that reads, though its permission is no such one.
    #[must_use]
    pub fn is_recorded_as_read(&self, permission: PermissionId) -> bool {
        self.reads.contains(&permission)
    }

    /// The permissions that a call uses, by `service:Action`; none where that is not known.
    #[must_use]
    pub fn permissions(&self, catalog: &Catalog, action: &str) -> Vec<PermissionId> {
        match self.calls.get(&action.to_ascii_lowercase()) {
            Some(permissions) => permissions.clone(),
            None => catalog.find(action).into_iter().collect(),
        }
    }

    fn set(&mut self, permission: PermissionId, logged: Logged) {
        if let Some(own) = self.logged.get_mut(usize::from(permission.0)) {
            *own = logged;
        }
    }

    /// Takes in what is recorded only where that is asked for. What no call is named after stays unseen.
    fn data(&mut self, patterns: &str, number: usize, catalog: &Catalog) -> Result<(), CatalogError> {
        for pattern in patterns.split(' ') {
            let matched = catalog.matching(&Pattern::of_permission(pattern));
            if matched.is_empty() {
                return Err(unknown(catalog, pattern, number));
            }
            for permission in matched.iter() {
                if self.logged(permission) != Logged::Never {
                    self.set(permission, Logged::Data);
                }
            }
        }
        Ok(())
    }

    /// Takes in a call with what it needs. So these are seen, though none is named after them.
    fn call(&mut self, names: &str, number: usize, catalog: &Catalog) -> Result<(), CatalogError> {
        let mut names = names.split(' ');
        let call = names.next().unwrap_or_default().to_ascii_lowercase();
        let needed: Vec<PermissionId> =
            names.map(|name| find(catalog, name, number)).collect::<Result<_, _>>()?;
        if needed.is_empty() {
            return Err(CatalogError {
                line: number,
                what: format!("no permission stands behind {call}"),
                mend: "write those that the call needs".to_owned(),
            });
        }
        for permission in &needed {
            if self.logged(*permission) == Logged::Never {
                self.set(*permission, Logged::Management);
            }
        }
        self.calls.insert(call, needed);
        Ok(())
    }
}

/// The lines of a table that say something, numbered from 1.
fn lines<'a>(text: &'a str, header: &str) -> Result<impl Iterator<Item = (usize, &'a str)>, CatalogError> {
    if text.lines().next() != Some(header) {
        return Err(CatalogError {
            line: 1,
            what: "this is no such table of a version that is known".to_owned(),
            mend: format!("it begins with the line `{header}`"),
        });
    }
    let numbered = (1..).zip(text.lines()).skip(1);
    Ok(numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')))
}

fn find(catalog: &Catalog, name: &str, number: usize) -> Result<PermissionId, CatalogError> {
    catalog.find(name).ok_or_else(|| unknown(catalog, name, number))
}

fn unknown(catalog: &Catalog, name: &str, line: usize) -> CatalogError {
    let mend = match catalog.nearest(name, 1).first() {
        Some(nearest) => format!("leave it out, or is {} meant", catalog.name(*nearest)),
        None => "leave it out".to_owned(),
    };
    CatalogError { line, what: format!("{name} matches no permission of the list"), mend }
}

const LOGGED: &str = "doorward logged 1";
const UNNAMED: &str = "doorward unnamed 1";
