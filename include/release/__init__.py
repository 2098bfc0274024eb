"""What a release does beside its operators: its gates, its page, the promotion as a transaction, the reconciler."""
