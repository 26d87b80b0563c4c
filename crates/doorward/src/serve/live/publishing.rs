//! What the writer publishes: the snapshot, the policies, and what denies beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use doorward_journal::Journal;
use doorward_model::command::Command;
use doorward_model::identity::Identity;
use doorward_model::record::{CommandAnswered, Fact, PolicyPublished};
use doorward_model::time::Time;
use doorward_policy::world::{Settings, World};
use doorward_serve::handle::{Done, Peps, WorkError, tokens_of};
use doorward_serve::policy_files;
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::overlay::Overlay;

use crate::serve::live::{Live, could_not};

impl<J: Journal> Live<J> {
    /// Stores the files of a valid policy set and lets it decide.
    pub(crate) fn publish_policy(
        &mut self,
        files: &BTreeMap<String, String>,
        published: PolicyPublished,
        answered: Option<CommandAnswered>,
        now: Time,
    ) -> Result<Done, WorkError> {
        for text in files.values() {
            self.writer.put_blob(text.as_bytes()).map_err(|error| could_not(&error))?;
        }
        self.admit(&Command::PublishPolicy(published), answered, now)
    }

    /// Makes the people and programs of a policy set known as identities.
    fn introduce(&mut self, found: Vec<Identity>) {
        // With the policy set, which has just been recorded.
        let now = self.writer.journal().head().recorded_at;
        if let Err(error) = self.writer.introduce(found, now) {
            tracing::error!(%error, "cannot record the identities of the policy set");
        }
    }

    /// Publishes all that was stepped since.
    pub(crate) fn publish(&mut self) {
        let told = self.writer.take_told();
        if told.is_empty() {
            return;
        }
        let control = &self.writer.engine().state.control;
        for fact in &told {
            self.publisher.fold(fact, control);
        }
        self.share_snapshot();
        let tables =
            |fact: &Fact| matches!(fact, Fact::PepSet(_) | Fact::TokenIssued(_) | Fact::TokenRevoked(_));
        if told.iter().any(tables) {
            self.share_tables();
        }
        for fact in told {
            if let Fact::PolicyPublished(published) = fact
                && let Err(error) = self.use_policy(&published)
            {
                tracing::error!(%error, "a published policy set cannot be used; the one before goes on deciding");
            }
        }
    }

    fn share_snapshot(&mut self) {
        let snapshot = self.publisher.publish(self.writer.engine().state.control.fact_number);
        let world = self.shared.world.load();
        let later = world.later(snapshot, Arc::clone(&world.overlay));
        self.shared.world.store(Arc::new(later));
    }

    pub(super) fn share_tables(&self) {
        let control = &self.writer.engine().state.control;
        self.shared.peps.store(Arc::new(Peps::of(control.peps.values())));
        self.shared.tokens.store(Arc::new(tokens_of(control)));
    }

    pub(super) fn overlay(&self, change: impl FnOnce(&Overlay) -> Option<Overlay>) {
        let world = self.shared.world.load();
        if let Some(overlay) = change(&world.overlay) {
            let later = world.later(Arc::clone(&world.snapshot), Arc::new(overlay));
            self.shared.world.store(Arc::new(later));
        }
    }

    /// Lets a published policy set decide: its files are in the journal.
    pub(super) fn use_policy(&mut self, published: &PolicyPublished) -> Result<()> {
        let mut files = BTreeMap::new();
        for (name, hash) in &published.files {
            let hash =
                policy_files::blob_hash(hash).with_context(|| format!("{name} is named by no hash"))?;
            let bytes =
                self.writer.journal().blob(hash)?.with_context(|| format!("{name} is not in the journal"))?;
            files.insert(
                name.clone(),
                String::from_utf8(bytes).with_context(|| format!("{name} is not text"))?,
            );
        }
        let (set, entities) = policy_files::read(&files).map_err(|errors| joined(&errors))?;
        let identities = entities.iter().filter_map(|row| Some((row.identity?, row.name.clone())));
        let identities: Vec<_> = identities.map(|(kind, name)| identity(kind.into(), &name)).collect();
        self.publisher.put_entities(entities, &self.writer.engine().state.control)?;
        let snapshot = self.publisher.publish(self.writer.engine().state.control.fact_number);
        let overlay = Arc::clone(&self.shared.world.load().overlay);
        let settings = Settings { mode: published.mode(), risk_max: published.risk_max };
        self.shared.world.store(Arc::new(World::new(snapshot, overlay, Arc::new(set), settings)));
        self.introduce(identities);
        self.publish();
        Ok(())
    }
}

/// An identity that a policy set names.
fn identity(kind: i32, name: &Name) -> Identity {
    Identity {
        id: name.id.to_string(),
        kind,
        platform: "doorward".to_owned(),
        name: name.id.to_string(),
        peer_group: name.kind.to_string(),
        ..Identity::default()
    }
}

pub(super) fn joined<E: std::fmt::Display>(errors: &[E]) -> anyhow::Error {
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}
