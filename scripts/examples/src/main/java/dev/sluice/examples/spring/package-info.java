/** A Spring Boot service that answers over HTTP: the queue and the reader of replies are beans, which Spring closes. */
@NullMarked
package dev.sluice.examples.spring;

import org.jspecify.annotations.NullMarked;
