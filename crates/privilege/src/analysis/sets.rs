//! Ways to some targets of many: whoever leads to the same ones shares the way to them. So a denial that takes out a few
//! of all roles does not draw an edge from each actor to each of the others.

use std::collections::BTreeMap;

use doorward_model::hash::Hash16;

use crate::analysis::Drawing;
use crate::analysis::draft::{Cause, Place, PoolKey, PoolOf};
use crate::analysis::pools::Member;
use crate::estate::AccountId;
use crate::graph::NodeId;
use crate::targets::Certainty;

/// So many targets are led to by an edge each.
const APART_MAX: usize = 2;

impl Drawing<'_> {
    /// Leads an actor to some targets of an account.
    pub(super) fn lead_to_some(
        &mut self,
        (from, account): (NodeId, AccountId),
        targets: &[(NodeId, Certainty)],
        cause: Cause,
    ) {
        for alike in [Certainty::Certain, Certainty::OnlyIf] {
            let same = targets.iter().filter(|(_, sure)| *sure == alike).map(|(to, _)| (*to, Cause::Member));
            let same: BTreeMap<NodeId, Cause> = same.collect();
            if same.len() > APART_MAX {
                let node = self.set(account, Place::Pool, &same);
                self.lead(from, node, (alike, cause));
            } else {
                same.keys().for_each(|to| self.lead(from, *to, (alike, cause)));
            }
        }
    }

    /// Leads an actor by a method to what some of its targets would be, had they any policy; each kind of them with its first
    /// member.
    pub(super) fn lead_to_some_changed(
        &mut self,
        (from, account): (NodeId, AccountId),
        variants: &BTreeMap<NodeId, (Certainty, Member)>,
        method: u32,
    ) {
        for alike in [Certainty::Certain, Certainty::OnlyIf] {
            let same = variants.iter().filter(|(_, (sure, _))| *sure == alike);
            let same: BTreeMap<NodeId, NodeId> =
                same.map(|(to, (_, example))| (*to, self.node_of(*example))).collect();
            if same.len() > APART_MAX {
                let of = same.into_iter().map(|(to, example)| (to, Cause::Changed(example)));
                let node = self.set(account, Place::Changed, &of.collect());
                self.lead(from, node, (alike, Cause::Rule(method, None)));
            } else {
                for (to, example) in same {
                    self.lead(from, to, (alike, Cause::Rule(method, Some(example))));
                }
            }
        }
    }

    /// The node that leads to exactly these. What it leads to is what it is known by: it never leads anywhere else.
    fn set(
        &mut self,
        account: AccountId,
        place: fn(PoolKey) -> Place,
        of: &BTreeMap<NodeId, Cause>,
    ) -> NodeId {
        let bytes = of.iter().flat_map(|(to, cause)| {
            let example = if let Cause::Changed(example) = cause { example.0 } else { to.0 };
            [to.0.to_le_bytes(), example.to_le_bytes()].concat()
        });
        let hash = Hash16::of(&bytes.collect::<Vec<u8>>());
        let count = u32::try_from(of.len()).unwrap_or(u32::MAX);
        let (node, is_new) =
            self.drawn.board.at(place(PoolKey { account, of: PoolOf::Some { count, hash } }));
        if is_new {
            for (to, cause) in of {
                self.lead(node, *to, (Certainty::Certain, *cause));
            }
        }
        node
    }
}
