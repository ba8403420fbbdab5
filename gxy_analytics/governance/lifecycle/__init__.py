"""The life of a tenant after it was added: suspended, resumed, exported, removed."""
