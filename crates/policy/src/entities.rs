//! Texts of `entities.yaml` in, typed rows out: users, groups, resources and their other names.
//!
//! ```yaml
//! entities:
//!   - type: user
//!     id: rick@example.org
//!     identity: human                  # one of the kinds of identity; absent for what is no caller
//!     aliases: [CiRmZDA2, 'login::"rick"']
//!     parents: ['group::"admins"']
//!     attributes: {email: rick@example.org, level: 3}
//! ```

use std::collections::BTreeMap;
use std::fmt;

use doorward_model::identity::IdentityKind;
use doorward_views::snapshot::attribute::Record;
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::writer::{EntityRow, Writer};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::policy_set::load::{LoadError, Source};

/// A text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct EntitiesError {
    /// On which line, from 1; 0 when that cannot be said.
    pub line: usize,
    /// Why not.
    pub fault: Fault,
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not YAML of this form; the message names line and column.
    #[error("cannot read entities: {0}")]
    Form(String),
    /// A name is written neither as an id nor as `type::"id"`.
    #[error("cannot read the name {0:?}, expected an id or type::\"id\"")]
    Name(String),
    /// No such kind of identity.
    #[error(
        "cannot read the identity kind {0:?}, expected one of human, service, workload, agent, vendor_app, external"
    )]
    IdentityKind(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    entities: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    r#type: String,
    id: String,
    identity: Option<String>,
    account: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    parents: Vec<String>,
    #[serde(default)]
    attributes: Record,
    #[serde(default)]
    tags: Record,
}

/// Reads the texts of a set: every entity stands in one place, every name is that of one
/// entity, and none is a member of itself.
///
/// # Errors
/// What is wrong, by file and line, up to [`ERRORS_MAX`] things; nothing is taken then.
pub fn read(sources: &[Source]) -> Result<Vec<EntityRow>, Vec<LoadError>> {
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    let mut known = BTreeMap::new();
    // What is a member of itself cannot be published: that is told here, not when the set is to decide.
    let mut trial = Writer::new(0);
    for source in sources {
        let error = |line, message| LoadError { path: source.path.clone(), line, message };
        let found = match parse(&source.text) {
            Ok(found) => found,
            Err(EntitiesError { line, fault }) => {
                errors.push(error(line, fault.to_string()));
                continue;
            }
        };
        for (index, row) in found.into_iter().enumerate() {
            // To tell a place takes as long as to read the text.
            if errors.len() >= ERRORS_MAX {
                return Err(errors);
            }
            let place = (source, index);
            if let Some(said) = taken(&known, &row) {
                errors.push(error(line(&source.text, index), said));
                continue;
            }
            known.insert(row.name.clone(), (place, NameKind::Id));
            for alias in &row.aliases {
                known.entry(alias.clone()).or_insert((place, NameKind::Alias));
            }
            match trial.put_entity(row.clone()) {
                Ok(_) => rows.push(row),
                Err(cycle) => errors.push(error(line(&source.text, index), cycle.to_string())),
            }
        }
    }
    if errors.is_empty() { Ok(rows) } else { Err(errors) }
}

/// Whether a name is the one under which an entity stands, or another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Id,
    Alias,
}

/// The index of an entity within its text.
type Place<'a> = (&'a Source, usize);

/// That a name of an entity is one of another already, if so.
fn taken(known: &BTreeMap<Name, (Place<'_>, NameKind)>, row: &EntityRow) -> Option<String> {
    let id = std::iter::once((&row.name, NameKind::Id));
    let mut names = id.chain(row.aliases.iter().map(|alias| (alias, NameKind::Alias)));
    names.find_map(|(name, kind)| {
        let (first, first_kind) = known.get(name)?;
        let said = match (kind, first_kind) {
            (NameKind::Id, NameKind::Id) => "stands",
            (NameKind::Alias, NameKind::Id) => "is an alias here, and an entity",
            (NameKind::Id, NameKind::Alias) => "is an entity here, and an alias",
            (NameKind::Alias, NameKind::Alias) => "is an alias here, and one of another entity",
        };
        let Name { kind, id } = name;
        Some(format!("{kind}::{id:?} {said} at {} already", told(*first)))
    })
}

/// How many entities that cannot be taken are told of.
pub const ERRORS_MAX: usize = 32;

/// The place of an entity, as an editor opens it.
fn told((source, index): Place<'_>) -> String {
    format!("{}:{}", source.path, line(&source.text, index))
}

/// Reads one text.
///
/// # Errors
/// [`EntitiesError`] says what cannot be read; nothing is taken then.
pub fn parse(text: &str) -> Result<Vec<EntityRow>, EntitiesError> {
    let form = |error: yaml_serde::Error| EntitiesError {
        line: error.location().map_or(0, |place| place.line()),
        fault: Fault::Form(error.to_string()),
    };
    let file: File = yaml_serde::from_str(text).map_err(form)?;
    let rows = file.entities.into_iter().enumerate();
    let at = |index| move |fault| EntitiesError { line: line(text, index), fault };
    rows.map(|(index, row)| entity(row).map_err(at(index))).collect()
}

fn entity(row: Row) -> Result<EntityRow, Fault> {
    let kind = row.r#type.as_str();
    let names = |texts: &[String]| texts.iter().map(|text| name(kind, text)).collect::<Result<Vec<_>, _>>();
    Ok(EntityRow {
        name: Name::new(kind, &row.id),
        identity: row.identity.as_deref().map(identity_kind).transpose()?,
        account: row.account.unwrap_or_default().into(),
        aliases: names(&row.aliases)?,
        parents: names(&row.parents)?,
        attributes: row.attributes,
        tags: row.tags,
    })
}

/// `type::"id"`, or an id of the same type.
fn name(kind: &str, text: &str) -> Result<Name, Fault> {
    match (text.split_once("::\""), text.strip_suffix('"')) {
        (Some((kind, id)), Some(_)) => Ok(Name::new(kind, id.strip_suffix('"').unwrap_or(id))),
        (None, None) => Ok(Name::new(kind, text)),
        (Some(_), None) | (None, Some(_)) => Err(Fault::Name(text.to_owned())),
    }
}

fn identity_kind(word: &str) -> Result<IdentityKind, Fault> {
    let kind = IdentityKind::ALL.into_iter().find(|kind| kind.word() == word);
    kind.ok_or_else(|| Fault::IdentityKind(word.to_owned()))
}

/// The line on which an entity begins, from 1; 0 when the text does not have so many. The reader tells places only where
/// it fails: so it is made to fail there.
fn line(text: &str, index: usize) -> usize {
    let failed = FailingAt(index).deserialize(yaml_serde::Deserializer::from_str(text)).err();
    failed.and_then(|error| error.location()).map_or(0, |place| place.line())
}

/// Takes in a file up to the entity of an index, and wants that one to be nothing.
struct FailingAt(usize);

impl<'de> DeserializeSeed<'de> for FailingAt {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for FailingAt {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entities")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        map.next_key::<IgnoredAny>()?;
        map.next_value_seed(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        for _ in 0..self.0 {
            rows.next_element::<IgnoredAny>()?;
        }
        rows.next_element::<()>().map(drop)
    }
}
