"""Vinli's services, one module each. A blueprint is named after the service it stands for."""
