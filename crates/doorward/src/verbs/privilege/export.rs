//! The graph for programs that draw attack paths.

use std::collections::BTreeMap;
use std::io::{BufWriter, stdout};

use anyhow::Result;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::opengraph::{ExportEdge, ExportNode, Property, export as write};

use super::ask;
use crate::cli::privilege::OverArgs;

/// Writes the graph as OpenGraph JSON onto standard output.
pub(super) fn export(args: &OverArgs) -> Result<()> {
    let atlas = ask::atlas(args)?;
    let nodes = nodes(&atlas);
    Ok(write(&nodes, &edges(&atlas), BufWriter::new(stdout().lock()))?)
}

fn nodes(atlas: &Atlas) -> Vec<ExportNode> {
    let told = atlas.shown();
    let node = |shown: doorward_privilege::questions::Shown| {
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
    told.into_iter().map(node).collect()
}

fn edges(atlas: &Atlas) -> Vec<ExportEdge> {
    let edge = |link: doorward_privilege::questions::Connected| ExportEdge {
        start: link.from,
        end: link.to,
        kind: link.kind,
        properties: BTreeMap::from([
            ("method".to_owned(), Property::Text(link.method)),
            ("only_if".to_owned(), Property::Truth(link.only_if)),
        ]),
    };
    atlas.connected().into_iter().map(edge).collect()
}
