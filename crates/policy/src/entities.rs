//! The text of an `entities.yaml` in, typed rows out: users, groups, resources and their other names.
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

use doorward_model::identity::IdentityKind;
use doorward_views::snapshot::attribute::Record;
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::writer::EntityRow;
use serde::Deserialize;

/// The text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntitiesError {
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
    /// One type and id twice.
    #[error("{kind}::{id:?} stands there twice")]
    Twice {
        /// The type.
        kind: String,
        /// The id.
        id: String,
    },
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

/// Reads the text of an `entities.yaml`.
///
/// # Errors
/// [`EntitiesError`] says what cannot be read; nothing is taken then.
pub fn parse(text: &str) -> Result<Vec<EntityRow>, EntitiesError> {
    let file: File = yaml_serde::from_str(text).map_err(|error| EntitiesError::Form(error.to_string()))?;
    let mut seen = std::collections::BTreeSet::new();
    file.entities
        .into_iter()
        .map(|row| {
            if !seen.insert((row.r#type.clone(), row.id.clone())) {
                return Err(EntitiesError::Twice { kind: row.r#type, id: row.id });
            }
            entity(row)
        })
        .collect()
}

fn entity(row: Row) -> Result<EntityRow, EntitiesError> {
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
fn name(kind: &str, text: &str) -> Result<Name, EntitiesError> {
    match (text.split_once("::\""), text.strip_suffix('"')) {
        (Some((kind, id)), Some(_)) => Ok(Name::new(kind, id.strip_suffix('"').unwrap_or(id))),
        (None, None) => Ok(Name::new(kind, text)),
        (Some(_), None) | (None, Some(_)) => Err(EntitiesError::Name(text.to_owned())),
    }
}

fn identity_kind(word: &str) -> Result<IdentityKind, EntitiesError> {
    let kind = IdentityKind::ALL.into_iter().find(|kind| kind.word() == word);
    kind.ok_or_else(|| EntitiesError::IdentityKind(word.to_owned()))
}
