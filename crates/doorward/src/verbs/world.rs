//! What a decision reads, put together without a server.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use doorward_model::record::PepSet;
use doorward_model::record::{Fact, PolicyPublished};
use doorward_model::time::Time;
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::LoadError;
use doorward_policy::world::{Settings, World};
use doorward_serve::answers::explain;
use doorward_serve::policy_files;
use doorward_views::control::Control;
use doorward_views::publish::Publisher;
use doorward_views::snapshot::writer::EntityRow;
use serde_json::Value;

use crate::verbs::folder::HASH_SEED;

/// The world of a control state: the facts that it has folded, and the files of the policy set that decides.
pub(crate) fn of(
    control: &Control,
    facts: &[Fact],
    (files, settings): (Option<BTreeMap<String, String>>, Option<Settings>),
) -> Result<World> {
    let (set, entities) = policy_files::read(&files.unwrap_or_default()).map_err(|errors| joined(&errors))?;
    with(control, facts, (set, entities), settings.unwrap_or_default())
}

/// The world of a policy set and its entities.
pub(crate) fn with(
    control: &Control,
    facts: &[Fact],
    (set, entities): (PolicySet, Vec<EntityRow>),
    settings: Settings,
) -> Result<World> {
    let mut publisher = Publisher::new(HASH_SEED);
    facts.iter().for_each(|fact| publisher.fold(fact, control));
    publisher.put_entities(entities, control)?;
    let snapshot = publisher.publish(control.fact_number);
    Ok(World::new(snapshot, Arc::default(), Arc::new(set), settings))
}

/// How a published set decides.
pub(crate) fn settings(published: &PolicyPublished) -> Settings {
    Settings { mode: published.mode(), risk_max: published.risk_max }
}

/// The answer to the body of an evaluation, with all that was looked at.
pub(crate) fn explain(world: &World, pep: &PepSet, question: &Value, now: Time) -> Result<Value> {
    let body = serde_json::to_vec(question)?;
    let explained =
        explain::explain((world, pep), &body, DEPTH_MAX, now).map_err(|message| anyhow!(message))?;
    Ok(serde_json::from_slice(&explained)?)
}

pub(crate) fn joined(errors: &[LoadError]) -> anyhow::Error {
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    anyhow!("the policies cannot be used:\n{}", lines.join("\n"))
}

const DEPTH_MAX: u32 = 32;
