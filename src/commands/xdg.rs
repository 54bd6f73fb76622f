//! Where a user keeps things (XDG Base Directory Specification).

use std::path::PathBuf;

use super::CommandError;

/// The folder for settings.
pub(super) fn config_home() -> Result<PathBuf, CommandError> {
    home("XDG_CONFIG_HOME", ".config", "settings")
}

/// The folder in which runs keep what they know for later ones.
///
/// # Errors
/// When the environment does not tell where that is.
pub fn cache_folder() -> Result<PathBuf, CommandError> {
    Ok(home("XDG_CACHE_HOME", ".cache", "what is remembered")?.join("stanch"))
}

/// The folder for what must not be lost and is no setting.
///
/// # Errors
/// When the environment does not tell where that is.
pub fn state_folder() -> Result<PathBuf, CommandError> {
    Ok(home("XDG_STATE_HOME", ".local/state", "the ledger")?.join("stanch"))
}

/// The folder that a variable names, or what usually stands below the person's own.
pub(super) fn home(variable: &str, usual: &str, what: &str) -> Result<PathBuf, CommandError> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set(variable)
        .or_else(|| set("HOME").map(|home| home.join(usual)))
        .ok_or_else(|| CommandError::new(format!("neither {variable} nor HOME tells where {what} is kept")))
}
