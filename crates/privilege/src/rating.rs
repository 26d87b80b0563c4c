//! How much would be lost with each principal, through how many each could be lost, and where ways to what matters most
//! can be cut.

use fixedbitset::FixedBitSet;

use crate::analysis::{Analysis, Place, Redrawn};
use crate::blast::{Blast, Radius, Weights, blast};
use crate::choke::{Chokes, choke_points};
use crate::estate::{AccountId, Estate, PrincipalKind};
use crate::graph::{Filter, Level, NodeId};
use crate::pattern::Pattern;

/// What matters most.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TierZero {
    /// Whatever is by its kind or name: the administration of accounts that manage an organisation or keep its logs, and
    /// where no organisation is known of each account; administrators; providers of identities; keys and secrets;
    /// buckets of state; roles that deploy. And what is tagged `doorward:tier` with `0`.
    Default,
    /// What has an ARN that one of these matches, and nothing else.
    Named(Vec<Pattern>),
}

/// The ratings of an estate.
#[derive(Clone, Debug)]
pub struct Rating {
    /// What each node weighs.
    pub weights: Weights,
    /// Blast radius and exposure.
    pub blast: Blast,
    /// What matters most.
    pub tier_zero: FixedBitSet,
    /// Where ways to it can be cut.
    pub chokes: Chokes,
}

impl Rating {
    /// Rates all principals.
    #[must_use]
    pub fn new(estate: &Estate, analysis: &Analysis, tier_zero: &TierZero) -> Self {
        let mut rating = Self {
            weights: Weights::default(),
            blast: Blast { radii: Vec::new(), exposure: Vec::new() },
            tier_zero: FixedBitSet::new(),
            chokes: Chokes::default(),
        };
        let nodes = analysis.graph.nodes().map(|(node, _)| node);
        rating.weigh((estate, analysis), nodes, tier_zero);
        let Self { weights, tier_zero, .. } = &rating;
        let chokes = choke_points(&analysis.graph, &weights.identities, tier_zero, &controlling(analysis));
        let blast = blast(&analysis.graph, weights, &Filter::default());
        Self { chokes, blast, ..rating }
    }

    /// The ratings after a change of the graph that was there before. What is not among the nodes that may be others, and
    /// not new, weighs what it weighed.
    #[must_use]
    pub(crate) fn later(
        &self,
        before: &Analysis,
        (estate, redrawn): (&Estate, &Redrawn),
        tier_zero: &TierZero,
    ) -> Self {
        let Redrawn { analysis, change, nodes } = redrawn;
        let mut rating = self.clone();
        let new = before.graph.node_count()..analysis.graph.node_count();
        let new = new.filter_map(|node| u32::try_from(node).ok()).map(NodeId);
        rating.weigh((estate, analysis), nodes.iter().copied().chain(new), tier_zero);
        let is_same = change.removed.is_empty()
            && change.added.is_empty()
            && change.nodes.is_empty()
            && rating.weights == self.weights
            && rating.tier_zero == self.tier_zero;
        if is_same {
            return rating;
        }
        let graphs = (&before.graph, &analysis.graph);
        rating.blast =
            self.blast.changed(graphs, change, (&self.weights, &rating.weights), &Filter::default());
        let Self { weights, tier_zero, .. } = &rating;
        rating.chokes = choke_points(&analysis.graph, &weights.identities, tier_zero, &controlling(analysis));
        rating
    }

    /// Says what some nodes weigh, and whether they matter most.
    fn weigh(
        &mut self,
        (estate, analysis): (&Estate, &Analysis),
        nodes: impl Iterator<Item = NodeId>,
        tier_zero: &TierZero,
    ) {
        let count = analysis.graph.node_count();
        self.weights.weights.resize(count, 0);
        self.weights.identities.grow(count);
        self.tier_zero.grow(count);
        for node in nodes {
            let place = analysis.place(node);
            let is_top = place.is_some_and(|place| matters_most((estate, analysis), place, tier_zero));
            let is_identity = match place {
                Some(Place::Principal(id)) => {
                    estate.principal(*id).is_some_and(|one| one.kind != PrincipalKind::Group)
                }
                _ => false,
            };
            // Who administers an account is rated by what the account holds.
            let weight = u32::from(is_identity || matches!(place, Some(Place::Resource(_))));
            let at = node.0 as usize;
            self.tier_zero.set(at, is_top);
            self.weights.identities.set(at, is_identity);
            if let Some(own) = self.weights.weights.get_mut(at) {
                *own = weight
                    * if is_top { TIER_ZERO } else { place.map_or(1, |place| sensitivity(estate, place)) };
            }
        }
    }

    /// The blast radius of a node.
    #[must_use]
    pub fn radius(&self, node: NodeId) -> Radius {
        self.blast.radii.get(node.0 as usize).copied().unwrap_or_default()
    }

    /// How many other identities reach a node.
    #[must_use]
    pub fn exposure(&self, node: NodeId) -> u32 {
        self.blast.exposure.get(node.0 as usize).copied().unwrap_or(0)
    }
}

/// What matters most is lost to who controls it: to list a key is no way to it.
fn controlling(analysis: &Analysis) -> Filter {
    Filter { only_edges: analysis.giving(Level::Control), ..Filter::default() }
}

fn matters_most((estate, analysis): (&Estate, &Analysis), place: &Place, tier_zero: &TierZero) -> bool {
    let patterns = match tier_zero {
        TierZero::Default => None,
        TierZero::Named(patterns) => Some(patterns),
    };
    let named = |arn: &str| patterns.is_some_and(|patterns| patterns.iter().any(|one| one.matches(arn)));
    match place {
        Place::Principal(id) => estate.principal(*id).is_some_and(|principal| {
            let tagged = principal.tags.iter().any(|(name, value)| (&**name, &**value) == TAG);
            let by_default =
                tagged || analysis.is_administrator(*id) || is_deploying(&principal.identity.name);
            named(principal.arn()) || (patterns.is_none() && by_default)
        }),
        Place::Resource(place) => estate.resource(*place).is_some_and(|resource| {
            let tagged =
                resource.tags.iter().any(|(name, value)| (&*name.to_ascii_lowercase(), &**value) == TAG);
            let by_default =
                tagged || KINDS.contains(&&*resource.kind) || is_state(&resource.kind, &resource.name);
            named(&resource.id) || (patterns.is_none() && by_default)
        }),
        Place::Administration(account) => patterns.is_none() && is_central(estate, *account),
        Place::Outside(_) | Place::Variant(_) | Place::Pool(_) | Place::Changed(_) => false,
    }
}

/// Whether an account manages its organisation or keeps its logs, or none is known to.
fn is_central(estate: &Estate, account: AccountId) -> bool {
    // Whoever is of an identity store alone is in no account.
    let is_account = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
    let Some(account) = estate.account(account).filter(|one| is_account(&one.id)) else { return false };
    account.management.is_empty() || account.management == account.id || {
        let name = account.name.to_ascii_lowercase();
        ["log", "audit", "security"].iter().any(|word| name.contains(word))
    }
}

/// What something weighs by its tags, as so many others.
fn sensitivity(estate: &Estate, place: &Place) -> u32 {
    let is_said = |name: &str, value: &str| {
        SENSITIVE_TAGS.contains(&&*name.to_ascii_lowercase())
            && SENSITIVE.contains(&&*value.to_ascii_lowercase())
    };
    let is_sensitive = match place {
        Place::Principal(id) => {
            estate.principal(*id).is_some_and(|one| one.tags.iter().any(|(name, value)| is_said(name, value)))
        }
        Place::Resource(at) => {
            let resource = estate.resource(*at);
            resource.is_some_and(|one| one.tags.iter().any(|(name, value)| is_said(name, value)))
        }
        Place::Administration(_)
        | Place::Outside(_)
        | Place::Variant(_)
        | Place::Pool(_)
        | Place::Changed(_) => false,
    };
    if is_sensitive { TAGGED } else { 1 }
}

fn is_deploying(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    DEPLOYING.iter().any(|word| name.contains(word))
}

fn is_state(kind: &str, name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    kind == "s3:bucket" && STATE.iter().any(|word| name.contains(word))
}

/// What weighs as much as so many others.
const TIER_ZERO: u32 = 100;
/// What is tagged sensitive weighs as much as so many others.
const TAGGED: u32 = 10;
/// Tags that tell how sensitive something is, and values that say it is; in lower case.
const SENSITIVE_TAGS: [&str; 5] =
    ["doorward:sensitivity", "classification", "data-classification", "dataclassification", "sensitivity"];
const SENSITIVE: [&str; 10] = [
    "confidential",
    "highly-confidential",
    "highly confidential",
    "restricted",
    "secret",
    "sensitive",
    "high",
    "critical",
    "pii",
    "phi",
];
/// What is tagged so matters most; names of tags in lower case.
const TAG: (&str, &str) = ("doorward:tier", "0");
/// Kinds of resources that matter most.
const KINDS: [&str; 4] = ["iam:saml-provider", "iam:oidc-provider", "kms:key", "secretsmanager:secret"];
/// Words in the names of roles that deploy.
const DEPLOYING: [&str; 4] = ["deploy", "terraform", "cicd", "github-actions"];
/// Words in the names of buckets that hold the state of deployments.
const STATE: [&str; 4] = ["tfstate", "tf-state", "terraform-state", "pulumi-state"];
