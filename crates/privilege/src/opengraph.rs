//! The graph as BloodHound OpenGraph JSON, for those who look at it there.
//!
//! Source: BloodHound documentation, "OpenGraph Schema", "OpenGraph Nodes" and "OpenGraph Edges", and the JSON schemas
//! of its upload: kinds of edges are letters, digits and underscores; a node has up to three kinds; properties are text,
//! numbers, truth values or lists of one of these, and never null; their names are in small letters; `objectid` is
//! reserved. On upload it turns ids into capitals, so ids that differ in case only would become one node there.

mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;
use thiserror::Error;

pub use self::whole::export_atlas;

/// A node as it is exported.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExportNode {
    /// Its id, such as an ARN.
    pub id: String,
    /// What it is, the most telling first: up to three, of which the first chooses the picture.
    pub kinds: Vec<String>,
    /// What is shown of it.
    pub properties: BTreeMap<String, Property>,
}

/// An edge as it is exported.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExportEdge {
    /// The id of the node where it begins.
    pub start: String,
    /// The id of the node where it ends.
    pub end: String,
    /// What it is.
    pub kind: String,
    /// What is shown of it.
    pub properties: BTreeMap<String, Property>,
}

/// The value of a property.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum Property {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Truth(bool),
    /// Several texts.
    Texts(Vec<String>),
}

impl From<&str> for Property {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Why nothing was exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A node has no kind, or more than three.
    #[error("node {id} has {count} kinds: BloodHound takes one to three")]
    Kinds {
        /// The node.
        id: String,
        /// How many it has.
        count: usize,
    },
    /// An edge begins or ends at a node that is not exported.
    #[error("an edge {kind} names node {id}, which is not exported")]
    UnknownNode {
        /// The kind of the edge.
        kind: String,
        /// The node that it names.
        id: String,
    },
    /// Two nodes have one id.
    #[error("two nodes have the id {id}")]
    Twice {
        /// The id.
        id: String,
    },
    /// It could not be written.
    #[error("cannot write the graph")]
    Write(#[from] io::Error),
}

/// The kind that all nodes of an export have in common, by which BloodHound finds and clears them.
pub const SOURCE_KIND: &str = "Doorward_Base";

/// Writes nodes and edges as one OpenGraph document, each as it comes, so that a large graph takes no more room than the
/// ids of its nodes.
///
/// # Errors
/// A node or an edge is none that BloodHound takes, or the document cannot be written; then its beginning may be.
pub fn export(
    nodes: impl IntoIterator<Item = ExportNode>,
    edges: impl IntoIterator<Item = ExportEdge>,
    mut out: impl io::Write,
) -> Result<(), ExportError> {
    let mut ids = Ids::default();
    write!(out, "{{\"metadata\":{{\"source_kind\":\"{SOURCE_KIND}\"}},\"graph\":{{\"nodes\":[")?;
    let mut first = true;
    for node in nodes {
        if !(1..=MOST_KINDS).contains(&node.kinds.len()) {
            return Err(ExportError::Kinds { count: node.kinds.len(), id: node.id });
        }
        let kinds = node.kinds.iter().map(|kind| name(kind)).collect();
        let properties = properties(&node.properties);
        let id = ids.add(&node.id)?;
        put(&mut out, &mut first, &Node { id, kinds, properties })?;
    }
    write!(out, "],\"edges\":[")?;
    first = true;
    for edge in edges {
        let (start, end) = (ids.end(&edge, &edge.start)?, ids.end(&edge, &edge.end)?);
        let properties = properties(&edge.properties);
        put(&mut out, &mut first, &Edge { kind: name(&edge.kind), start, end, properties })?;
    }
    write!(out, "]}}}}")?;
    Ok(out.flush()?)
}

/// Writes the next item of a list.
fn put(out: &mut impl io::Write, first: &mut bool, item: &impl Serialize) -> io::Result<()> {
    if !std::mem::take(first) {
        out.write_all(b",")?;
    }
    Ok(serde_json::to_writer(out, item)?)
}

/// How many kinds a node can have.
const MOST_KINDS: usize = 3;

/// The ids of nodes in the export. Of those that are the same in capitals, all but the first get a number.
#[derive(Default)]
struct Ids {
    known: BTreeSet<String>,
    /// In capitals.
    taken: BTreeSet<String>,
    /// Those that have got a number.
    numbered: BTreeMap<String, String>,
}

impl Ids {
    /// The id of another node.
    fn add<'a>(&'a mut self, id: &'a str) -> Result<&'a str, ExportError> {
        if !self.known.insert(id.to_owned()) {
            return Err(ExportError::Twice { id: id.to_owned() });
        }
        if self.taken.insert(id.to_uppercase()) {
            return Ok(id);
        }
        let numbered = (2_usize..).map(|number| format!("{id}~{number}"));
        let mut free = numbered.filter(|name| self.taken.insert(name.to_uppercase()));
        let free = free.next().unwrap_or_default();
        Ok(self.numbered.entry(id.to_owned()).or_insert(free))
    }

    /// An end of an edge.
    fn end<'a>(&'a self, edge: &ExportEdge, id: &'a str) -> Result<End<'a>, ExportError> {
        if !self.known.contains(id) {
            return Err(ExportError::UnknownNode { kind: edge.kind.clone(), id: id.to_owned() });
        }
        Ok(End { value: self.numbered.get(id).map_or(id, String::as_str), match_by: "id" })
    }
}

/// A name of letters, digits and underscores.
fn name(text: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    if text.is_empty() { "_".to_owned() } else { text.chars().map(letter).collect() }
}

/// The properties under names that BloodHound takes; of two that become the same, the one that comes first stays.
fn properties(given: &BTreeMap<String, Property>) -> BTreeMap<String, &Property> {
    let mut properties = BTreeMap::new();
    for (key, value) in given {
        let key = name(&key.to_lowercase());
        let key = if key == "objectid" { "object_id".to_owned() } else { key };
        properties.entry(key).or_insert(value);
    }
    properties
}

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    kinds: Vec<String>,
    properties: BTreeMap<String, &'a Property>,
}

#[derive(Serialize)]
struct Edge<'a> {
    kind: String,
    start: End<'a>,
    end: End<'a>,
    properties: BTreeMap<String, &'a Property>,
}

#[derive(Serialize)]
struct End<'a> {
    value: &'a str,
    match_by: &'static str,
}
