//! The graph as BloodHound OpenGraph JSON, for those who look at it there.
//!
//! Source: BloodHound documentation, "OpenGraph Schema", "OpenGraph Nodes" and "OpenGraph Edges", and the JSON schemas
//! of its upload: kinds of edges are letters, digits and underscores; a node has up to three kinds; properties are text,
//! numbers, truth values or lists of one of these, and never null; their names are in small letters; `objectid` is
//! reserved. On upload it turns ids into capitals, so ids that differ in case only would become one node there.

mod whole;

use std::collections::BTreeMap;
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

/// Writes nodes and edges as one OpenGraph document.
///
/// # Errors
/// A node or an edge is none that BloodHound takes, or the document cannot be written.
pub fn export(nodes: &[ExportNode], edges: &[ExportEdge], out: impl io::Write) -> Result<(), ExportError> {
    let ids = ids(nodes)?;
    let mut graph = Graph { nodes: Vec::with_capacity(nodes.len()), edges: Vec::with_capacity(edges.len()) };
    for node in nodes {
        if !(1..=MOST_KINDS).contains(&node.kinds.len()) {
            return Err(ExportError::Kinds { id: node.id.clone(), count: node.kinds.len() });
        }
        let id = ids.get(node.id.as_str()).map_or("", String::as_str);
        let kinds = node.kinds.iter().map(|kind| name(kind)).collect();
        graph.nodes.push(Node { id, kinds, properties: properties(&node.properties) });
    }
    for edge in edges {
        let end = |id: &str| match ids.get(id) {
            Some(id) => Ok(End { value: id, match_by: "id" }),
            None => Err(ExportError::UnknownNode { kind: edge.kind.clone(), id: id.to_owned() }),
        };
        let (start, end) = (end(&edge.start)?, end(&edge.end)?);
        graph.edges.push(Edge {
            kind: name(&edge.kind),
            start,
            end,
            properties: properties(&edge.properties),
        });
    }
    let document = Document { metadata: Metadata { source_kind: SOURCE_KIND }, graph };
    serde_json::to_writer(out, &document).map_err(|error| ExportError::Write(error.into()))
}

/// How many kinds a node can have.
const MOST_KINDS: usize = 3;

/// By id of a node: its id in the export. Of those that are the same in capitals, all but the first get a number.
fn ids(nodes: &[ExportNode]) -> Result<BTreeMap<&str, String>, ExportError> {
    let mut ids = BTreeMap::new();
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for node in nodes {
        let numbered = (2_usize..).map(|number| format!("{}~{number}", node.id));
        let mut names = std::iter::once(node.id.clone()).chain(numbered);
        let free = names.find(|name| !taken.contains_key(&name.to_uppercase())).unwrap_or_default();
        taken.insert(free.to_uppercase(), &node.id);
        if ids.insert(node.id.as_str(), free).is_some() {
            return Err(ExportError::Twice { id: node.id.clone() });
        }
    }
    Ok(ids)
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
struct Document<'a> {
    metadata: Metadata,
    graph: Graph<'a>,
}

#[derive(Serialize)]
struct Metadata {
    source_kind: &'static str,
}

#[derive(Serialize)]
struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    edges: Vec<Edge<'a>>,
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
