"""Day close, month freeze, restatements (日结, 月结, 重述): what was published, as facts."""
