"""A network in other formats, each proven to answer as Keras does."""
