//! The graph of an atlas, for programs that draw attack paths.

use std::collections::BTreeMap;
use std::io;

use super::{ExportEdge, ExportError, ExportNode, Property, export};
use crate::atlas::Atlas;
use crate::questions::{Connected, Shown};

/// Writes the graph of an atlas as one OpenGraph document.
///
/// # Errors
/// As [`export`].
pub fn export_atlas(atlas: &Atlas, out: impl io::Write) -> Result<(), ExportError> {
    export(nodes(atlas), edges(atlas), out)
}

fn nodes(atlas: &Atlas) -> impl Iterator<Item = ExportNode> {
    let node = |shown: Shown| {
        let mut properties = BTreeMap::from([
            ("name".to_owned(), Property::Text(shown.name.clone())),
            (
                "blast_weight".to_owned(),
                Property::Number(i64::try_from(shown.blast_weight).unwrap_or(i64::MAX)),
            ),
            ("exposure".to_owned(), Property::Number(i64::from(shown.exposure))),
            ("tier_zero".to_owned(), Property::Truth(shown.tier_zero)),
        ]);
        if !shown.account.is_empty() {
            properties.insert("account".to_owned(), Property::Text(shown.account));
        }
        ExportNode { id: shown.id, kinds: vec![shown.kind], properties }
    };
    atlas.shown().map(node)
}

fn edges(atlas: &Atlas) -> impl Iterator<Item = ExportEdge> {
    let edge = |link: Connected| ExportEdge {
        start: link.from,
        end: link.to,
        kind: link.kind,
        properties: BTreeMap::from([
            ("method".to_owned(), Property::Text(link.method)),
            ("only_if".to_owned(), Property::Truth(link.only_if)),
        ]),
    };
    atlas.connected().map(edge)
}
