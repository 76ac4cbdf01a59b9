/** A Spring Boot service that answers over HTTP. The queue and the reply consumer are beans, which Spring closes. */
@NullMarked
package dev.sluice.examples.spring;

import org.jspecify.annotations.NullMarked;
