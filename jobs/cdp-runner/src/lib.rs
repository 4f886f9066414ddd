//! cdp-runner
